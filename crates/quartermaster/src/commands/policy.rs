//! `policy`: the company's policies checked, and decisions explained.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use domain::order::OrderStatus;
use domain::{BranchId, ItemId, OrderId, Quantity, StockKey};
use identity::Caller;
use policy::{Answer, Authorizer, Decision, OrderFacts, Policy, Resource};
use services::FoundOrder;

use crate::cli::{ExplainArgs, PolicyCommand};
use crate::databases::Databases;
use crate::settings::Settings;
use crate::{Result, output};

pub async fn run(settings: &Settings, command: PolicyCommand) -> Result<ExitCode> {
    let folder = settings.policies.as_deref();
    match command {
        PolicyCommand::Check { dir } => Ok(check(dir.as_deref().or(folder))),
        PolicyCommand::Explain(arguments) => {
            let authorizer = Authorizer::open(folder)?;
            let databases = Databases::open(settings).await?;
            let decision = decide(&databases, &authorizer, &arguments).await;
            databases.close().await?;
            Ok(explained(&decision?, folder))
        }
    }
}

/// Lists every policy that would be in force, or every fault.
fn check(folder: Option<&Path>) -> ExitCode {
    let place = |file: &str| in_folder(folder, file).display().to_string();
    match Authorizer::open(folder) {
        Ok(authorizer) => {
            let policies = authorizer.policies();
            for policy in policies.all() {
                output::line(line(policy, folder));
            }
            output::line(format_args!("{} policies, and nothing wrong with them.", policies.all().len()));
            ExitCode::SUCCESS
        }
        Err(bad) => {
            for fault in &bad.0 {
                let line = fault.line.map_or_else(String::new, |line| format!(":{line}"));
                output::line(format_args!("{}{line}: {}", place(&fault.file), fault.reason));
            }
            let faults = if bad.0.len() == 1 { "fault" } else { "faults" };
            output::line(format_args!("{} {faults}: none of these policies is taken.", bad.0.len()));
            ExitCode::FAILURE
        }
    }
}

fn explained(decision: &Decision, folder: Option<&Path>) -> ExitCode {
    let words = match decision.answer {
        Answer::Allowed => "allowed, by",
        Answer::Hidden => "hidden: the branch is not among the user's, so that it does not exist for them.",
        Answer::Forbidden if !decision.errors.is_empty() => "forbidden, since a policy could not be asked:",
        Answer::Forbidden if decision.policies.is_empty() => "forbidden: no policy permits it.",
        Answer::Forbidden => "forbidden, by",
    };
    output::line(words);
    for policy in &decision.policies {
        output::line(line(policy, folder));
    }
    for error in &decision.errors {
        output::line(format_args!("  {error}"));
    }
    if decision.answer == Answer::Allowed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn line(policy: &Policy, folder: Option<&Path>) -> String {
    let effect = if policy.forbids { "forbid" } else { "permit" };
    let word = policy.name.rsplit('#').next().unwrap_or_default();
    format!("  {effect}  {word}  {}:{}", in_folder(folder, &policy.file).display(), policy.line)
}

/// Where a file is: those that ship are within the program.
fn in_folder(folder: Option<&Path>, file: &str) -> PathBuf {
    match folder {
        Some(folder) if !file.contains('/') => folder.join(file),
        _ => PathBuf::from(file),
    }
}

async fn decide(databases: &Databases, authorizer: &Authorizer, arguments: &ExplainArgs) -> Result<Decision> {
    let ExplainArgs { user, action, resource, branch, amount } = arguments;
    let caller = caller(databases, user).await?;
    let at = match branch {
        Some(name) => {
            let found = services::find_branch(&databases.services, name).await?;
            Some(found.ok_or_else(|| format!("there is no branch {name:?}"))?)
        }
        None => None,
    };
    let (kind, id) =
        resource.split_once(':').map_or((resource.as_str(), None), |(kind, id)| (kind, Some(id)));
    let need = || at.ok_or_else(|| format!("{kind} is at a branch: say which by --branch"));
    let found: FoundOrder;
    let resource = match (kind, id) {
        ("company", None) => Resource::Company,
        ("branch", None) => Resource::Branch(need()?),
        ("stock", None) => {
            // Which item it is, no policy that ships or is shown in the documents asks.
            let key = StockKey { branch: need()?, item: ItemId(0) };
            Resource::Stock { key, change: amount.unwrap_or(Quantity::ZERO), earlier: Quantity::ZERO }
        }
        ("order", None) => Resource::Order(thought_of(need()?, *amount)),
        ("order", Some(id)) => {
            let number = id.parse().map_err(|_| format!("{id:?} is not the id of an order"))?;
            let order = services::find_order(&databases.services, OrderId(number)).await?;
            found = order.ok_or_else(|| format!("there is no order {number}"))?;
            Resource::Order(found.facts())
        }
        _ => {
            return Err(
                "resources are company, branch, stock, order, and order:ID for one that is there".into()
            );
        }
    };
    authorizer.know_owners(portal::clients::owners(&databases.portal).await?);
    Ok(authorizer.explain(&caller, *action, resource))
}

/// The user as a token would describe them.
async fn caller(databases: &Databases, name: &str) -> Result<Caller> {
    let user = portal::accounts::users::active(&databases.portal, name).await?;
    let user = user.ok_or_else(|| format!("there is no active user {name:?}"))?;
    let roles = user.roles.iter().copied().collect();
    Ok(Caller::known(&user.id.to_string(), &user.username, roles, user.scope))
}

/// A draft of one line that nobody has made yet.
fn thought_of(branch: BranchId, amount: Option<Quantity>) -> OrderFacts<'static> {
    OrderFacts {
        id: None,
        branch,
        status: OrderStatus::Draft,
        lines: 1,
        largest_line: amount.unwrap_or(Quantity::ZERO),
        made_by: None,
        submitted_by: None,
    }
}
