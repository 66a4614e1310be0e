//! Somebody who is signed in to the portal, as their browser asks for pages.

use std::io;
use std::net::SocketAddr;

use crate::Result;
use crate::http::{Connection, Reply};
use crate::program::Program;

/// Where one signs in.
const SIGN_IN: &str = "/accounts/login/";

/// A connection with the cookies of a session.
pub struct Visitor {
    connection: Connection,
    cookies: Vec<String>,
}

impl Visitor {
    /// Signs the run's user in.
    ///
    /// # Errors
    /// When the portal does not let it in.
    pub async fn sign_in(portal: SocketAddr, program: &Program) -> Result<Visitor> {
        let mut visitor = Visitor { connection: Connection::open(portal).await?, cookies: Vec::new() };
        visitor.get(SIGN_IN).await?;
        let page = String::from_utf8_lossy(visitor.connection.body()).into_owned();
        let token =
            page.split_once("name=\"form_token\" value=\"").and_then(|(_, rest)| rest.split('"').next());
        let token = token.ok_or("the page to sign in has no form token")?;
        let body = format!("form_token={token}&{}", program.sign_in_form());
        let cookies = visitor.cookies.join("; ");
        let request = format!(
            "POST {SIGN_IN} HTTP/1.1\r\nhost: bench\r\ncookie: {cookies}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let reply = visitor.exchange(&request).await?;
        if reply.status == 303 {
            Ok(visitor)
        } else {
            Err(format!("signing in gave {}", reply.status).into())
        }
    }

    /// Asks for a page.
    ///
    /// # Errors
    /// When the connection breaks, or the answer does not come or is not understood.
    pub async fn get(&mut self, path: &str) -> io::Result<Reply> {
        let cookies = self.cookies.join("; ");
        self.exchange(&format!("GET {path} HTTP/1.1\r\nhost: bench\r\ncookie: {cookies}\r\n\r\n")).await
    }

    async fn exchange(&mut self, request: &str) -> io::Result<Reply> {
        let reply = self.connection.exchange(request).await?;
        for cookie in &reply.cookies {
            let name = cookie.split('=').next();
            self.cookies.retain(|kept| kept.split('=').next() != name);
            self.cookies.push(cookie.clone());
        }
        Ok(reply)
    }
}
