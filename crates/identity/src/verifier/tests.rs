use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::BranchId;
use jsonwebtoken::{EncodingKey, Header};

use super::*;
use crate::caller::{BranchScope, Role};
use crate::keys::SigningKey;

const ISSUER: &str = "http://portal.example";
const AUDIENCE: &str = "services";

fn verifier(key: &SigningKey) -> Verifier {
    let keys = JwkSet { keys: vec![key.public().clone()] };
    Verifier::new(KeySource::Fixed(keys), ISSUER, AUDIENCE)
}

fn claims() -> Claims {
    let now = jiff::Timestamp::now().as_second();
    Claims::new(ISSUER, AUDIENCE, "7", "anna", now)
        .with_access(&[Role::Manager], &BranchScope::only([BranchId(3)]))
}

#[tokio::test]
async fn a_good_token_gives_its_caller_again_and_again() {
    let key = SigningKey::generate().unwrap();
    let verifier = verifier(&key);
    let token = key.mint(&claims()).unwrap();
    for _ in 0..2 {
        let caller = verifier.verify(&token).await.unwrap();
        assert_eq!(caller.username().as_ref(), "anna");
        assert!(caller.has(Role::Manager) && !caller.has(Role::Admin));
        assert!(caller.scope().contains(BranchId(3)) && !caller.scope().contains(BranchId(4)));
    }
}

#[tokio::test]
async fn a_key_kept_as_pkcs8_signs_as_before() {
    let key = SigningKey::generate().unwrap();
    let again = SigningKey::from_pkcs8(key.to_pkcs8()).unwrap();
    assert_eq!(again.public(), key.public());
    assert!(verifier(&key).verify(&again.mint(&claims()).unwrap()).await.is_ok());
}

fn with_header(header: &str, key: &SigningKey) -> String {
    let token = key.mint(&claims()).unwrap();
    let rest = token.split_once('.').unwrap().1;
    format!("{}.{rest}", BASE64_URL_SAFE_NO_PAD.encode(header))
}

#[tokio::test]
async fn a_bad_token_is_refused() {
    let key = SigningKey::generate().unwrap();
    let stranger = SigningKey::generate().unwrap();
    let verifier = verifier(&key);
    let kid = key.public().kid.clone();
    let good = key.mint(&claims()).unwrap();
    let mint = |change: &dyn Fn(&mut Claims)| {
        let mut claims = claims();
        change(&mut claims);
        key.mint(&claims).unwrap()
    };
    let mut hs256 = Header::new(Algorithm::HS256);
    hs256.kid = Some(kid.clone());
    let public = BASE64_URL_SAFE_NO_PAD.decode(&key.public().x).unwrap();
    let cases = [
        ("empty", String::new()),
        ("no dots", "abc".to_owned()),
        ("truncated", good[..good.len() - 8].to_owned()),
        ("a part more", format!("{good}.x")),
        ("no signature", format!("{}.", good.rsplit_once('.').unwrap().0)),
        ("tampered", good.replacen('.', ".A", 1)),
        ("oversized", format!("{good}{}", "A".repeat(9_000))),
        ("another key", stranger.mint(&claims()).unwrap()),
        ("alg none", with_header(&format!(r#"{{"alg":"none","kid":"{kid}"}}"#), &key)),
        ("alg RS256", with_header(&format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#), &key)),
        ("no kid", with_header(r#"{"alg":"EdDSA"}"#, &key)),
        ("kid of a path", with_header(r#"{"alg":"EdDSA","kid":"../../etc/passwd"}"#, &key)),
        ("embedded jwk", with_header(&format!(r#"{{"alg":"EdDSA","kid":"{kid}","jwk":{{}}}}"#), &key)),
        ("jku", with_header(&format!(r#"{{"alg":"EdDSA","kid":"{kid}","jku":"http://x"}}"#), &key)),
        (
            "HS256 with the public key",
            jsonwebtoken::encode(&hs256, &claims(), &EncodingKey::from_secret(&public)).unwrap(),
        ),
        ("ended", mint(&|c| c.exp = c.iat - 1)),
        ("made in the future", mint(&|c| c.iat += 3_600)),
        ("another issuer", mint(&|c| c.iss = "http://elsewhere.example".to_owned())),
        ("another audience", mint(&|c| c.aud = "portal".to_owned())),
    ];
    for (name, token) in cases {
        assert!(verifier.verify(&token).await.is_err(), "{name}");
    }
    assert!(verifier.verify(&good).await.is_ok());
}
