//! `/v1/branches`.

use contract::{BranchIn, BranchOut};
use reqwest::Method;

use crate::call::{Call, Key, Page, Paging, Versioned};
use crate::error::ClientError;
use crate::services::Services;
use crate::transport::Change;

impl Services {
    /// The branches that the caller sees, by id.
    ///
    /// # Errors
    /// [`ClientError`], also for the operations below.
    pub async fn list_branches(
        &self,
        call: Call<'_>,
        paging: Paging,
    ) -> Result<Page<BranchOut>, ClientError> {
        self.transport.page(call, "/v1/branches", &paging).await
    }

    /// One branch.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_branch(&self, call: Call<'_>, id: i64) -> Result<Versioned<BranchOut>, ClientError> {
        self.transport.one(call, &format!("/v1/branches/{id}")).await
    }

    /// Creates a branch.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn create_branch(
        &self,
        call: Call<'_>,
        key: &Key,
        branch: &BranchIn,
    ) -> Result<Versioned<BranchOut>, ClientError> {
        let change = Change::new(Method::POST, "/v1/branches", key).body(branch)?;
        self.transport.change(call, change).await?.versioned()
    }

    /// Changes a branch, if it is still at the version of `etag`, where one is given.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn update_branch(
        &self,
        call: Call<'_>,
        key: &Key,
        (id, etag): (i64, Option<&str>),
        branch: &BranchIn,
    ) -> Result<Versioned<BranchOut>, ClientError> {
        let change = Change::new(Method::PUT, format!("/v1/branches/{id}"), key).if_match(etag);
        self.transport.change(call, change.body(branch)?).await?.versioned()
    }

    /// Deletes a branch that nothing refers to, if it is still at the version of `etag`, where one is given.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn delete_branch(
        &self,
        call: Call<'_>,
        key: &Key,
        (id, etag): (i64, Option<&str>),
    ) -> Result<(), ClientError> {
        let change = Change::new(Method::DELETE, format!("/v1/branches/{id}"), key).if_match(etag);
        self.transport.change(call, change).await.map(drop)
    }
}
