use domain::BranchId;
use jsonwebtoken::{EncodingKey, Header};

use super::*;
use crate::caller::BranchScope;
use crate::claims::Branches;
use crate::feed::TokenFeed;
use crate::keys::SigningKey;
use crate::role::Role;

const ISSUER: &str = "http://portal.example";
const AUDIENCE: &str = "services";

fn verifier(key: &SigningKey) -> Verifier {
    Verifier::with_keys(&JwkSet { keys: vec![key.public().clone()] }, ISSUER, AUDIENCE)
}

fn claims() -> Claims {
    let now = jiff::Timestamp::now().as_second();
    Claims::new(ISSUER, AUDIENCE, "7", "anna", now)
        .with_access([Role::Manager], &BranchScope::only([BranchId(3)]))
}

fn changed(key: &SigningKey, change: impl FnOnce(&mut Claims)) -> String {
    let mut claims = claims();
    change(&mut claims);
    key.mint(&claims).unwrap()
}

/// Any header and claims, signed with the key all the same.
fn signed(key: &SigningKey, header: &str, claims: &str) -> String {
    let message = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join(".");
    let secret = EncodingKey::from_ed_der(key.to_pkcs8());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &secret, Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

fn with_header(key: &SigningKey, header: &str) -> String {
    let kid = key.kid();
    signed(key, &header.replace("KID", kid), &serde_json::to_string(&claims()).unwrap())
}

#[tokio::test]
async fn a_good_token_gives_its_caller_again_and_again() {
    let key = SigningKey::generate().unwrap();
    let verifier = verifier(&key);
    let token = key.mint(&claims()).unwrap();
    for _ in 0..2 {
        let caller = verifier.verify(&token).await.unwrap();
        assert_eq!(caller.username().as_ref(), "anna");
        assert_eq!(caller.user_id().as_ref(), "7");
        assert!(caller.has(Role::Manager) && !caller.has(Role::Admin));
        assert!(caller.scope().contains(BranchId(3)) && !caller.scope().contains(BranchId(4)));
    }
    assert!(verifier.verify(&with_header(&key, r#"{"typ":"JWT","alg":"EdDSA","kid":"KID"}"#)).await.is_ok());
}

#[tokio::test]
async fn a_remembered_token_is_refused_once_its_time_is_over() {
    let key = SigningKey::generate().unwrap();
    let verifier = verifier(&key);
    let token = key.mint(&claims()).unwrap();
    verifier.verify(&token).await.unwrap();
    let mut remembered = verifier.verified.get(token.as_str()).unwrap();
    let caller = &remembered.caller;
    let ended = Caller::new("7", "anna", caller.roles(), caller.scope().clone(), caller.expires_at() - 3_600);
    remembered.caller = Arc::new(ended);
    verifier.verified.insert(Arc::from(token.as_str()), remembered);
    assert_eq!(verifier.verify(&token).await, Err(BadToken::Ended.into()));
}

#[tokio::test]
async fn a_remembered_token_is_refused_once_its_key_is_no_longer_published() {
    let (key, next) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    let verifier = verifier(&key);
    let token = key.mint(&claims()).unwrap();
    verifier.verify(&token).await.unwrap();
    let published = |keys: &[&SigningKey]| TokenFeed {
        keys: JwkSet { keys: keys.iter().map(|key| key.public().clone()).collect() },
        ..TokenFeed::default()
    };
    verifier.keys.learn(&published(&[&next, &key]));
    assert!(verifier.verify(&token).await.is_ok());
    verifier.keys.learn(&published(&[&next]));
    assert_eq!(verifier.verify(&token).await, Err(BadToken::UnknownKey.into()));
    assert!(verifier.verify(&next.mint(&claims()).unwrap()).await.is_ok());
}

#[tokio::test]
async fn a_remembered_token_is_refused_once_it_is_revoked() {
    let key = SigningKey::generate().unwrap();
    let verifier = verifier(&key);
    let said = claims();
    let [token, another] = ["7", "8"].map(|subject| changed(&key, |c| c.sub = subject.to_owned()));
    verifier.verify(&token).await.unwrap();
    let revoked = [("7".to_owned(), said.iat + 1)].into();
    let keys = JwkSet { keys: vec![key.public().clone()] };
    verifier.keys.learn(&TokenFeed { keys, revoked, ..TokenFeed::default() });
    assert_eq!(verifier.verify(&token).await, Err(BadToken::Revoked.into()));
    assert!(verifier.verify(&another).await.is_ok());
    let later = changed(&key, |c| (c.iat, c.exp) = (said.iat + 2, said.exp + 2));
    assert!(verifier.verify(&later).await.is_ok(), "a token made afterwards is as good as any");
}

#[tokio::test]
async fn a_bad_token_is_refused_before_its_signature_is_looked_at() {
    let key = SigningKey::generate().unwrap();
    let stranger = SigningKey::generate().unwrap();
    let verifier = verifier(&key);
    let good = key.mint(&claims()).unwrap();
    let cases = [
        ("empty", String::new(), BadToken::Malformed),
        ("no dots", "abc".to_owned(), BadToken::Malformed),
        ("only dots", "..".to_owned(), BadToken::Malformed),
        ("not base64", format!("é{good}"), BadToken::Malformed),
        ("a header that is no JSON", "AAAA.AAAA.AAAA".to_owned(), BadToken::Malformed),
        ("oversized", format!("{good}{}", "A".repeat(LONGEST_TOKEN)), BadToken::TooLong),
        ("another key", stranger.mint(&claims()).unwrap(), BadToken::UnknownKey),
        ("alg none", with_header(&key, r#"{"typ":"JWT","alg":"none","kid":"KID"}"#), BadToken::Algorithm),
        ("alg RS256", with_header(&key, r#"{"typ":"JWT","alg":"RS256","kid":"KID"}"#), BadToken::Algorithm),
        (
            "alg in other letters",
            with_header(&key, r#"{"typ":"JWT","alg":"eddsa","kid":"KID"}"#),
            BadToken::Algorithm,
        ),
        ("alg HS256", with_header(&key, r#"{"typ":"JWT","alg":"HS256","kid":"KID"}"#), BadToken::Algorithm),
        ("no alg", with_header(&key, r#"{"typ":"JWT","kid":"KID"}"#), BadToken::Malformed),
        (
            "another type",
            with_header(&key, r#"{"typ":"at+jwt","alg":"EdDSA","kid":"KID"}"#),
            BadToken::Algorithm,
        ),
        ("no kid", with_header(&key, r#"{"typ":"JWT","alg":"EdDSA"}"#), BadToken::Malformed),
        (
            "kid of a path",
            with_header(&key, r#"{"typ":"JWT","alg":"EdDSA","kid":"../../k"}"#),
            BadToken::UnknownKey,
        ),
        (
            "kid of SQL",
            with_header(&key, r#"{"typ":"JWT","alg":"EdDSA","kid":"' or 1=1 --"}"#),
            BadToken::UnknownKey,
        ),
        (
            "kid twice",
            with_header(&key, r#"{"typ":"JWT","alg":"EdDSA","kid":"KID","kid":"KID"}"#),
            BadToken::Malformed,
        ),
        (
            "jwk",
            with_header(&key, r#"{"typ":"JWT","alg":"EdDSA","kid":"KID","jwk":{}}"#),
            BadToken::Malformed,
        ),
        (
            "jku",
            with_header(&key, r#"{"typ":"JWT","alg":"EdDSA","kid":"KID","jku":"http://x"}"#),
            BadToken::Malformed,
        ),
        (
            "x5u",
            with_header(&key, r#"{"typ":"JWT","alg":"EdDSA","kid":"KID","x5u":"http://x"}"#),
            BadToken::Malformed,
        ),
        (
            "x5c",
            with_header(&key, r#"{"typ":"JWT","alg":"EdDSA","kid":"KID","x5c":[]}"#),
            BadToken::Malformed,
        ),
        (
            "crit",
            with_header(&key, r#"{"typ":"JWT","alg":"EdDSA","kid":"KID","crit":["b64"]}"#),
            BadToken::Malformed,
        ),
    ];
    for (name, token, reason) in cases {
        assert_eq!(verifier.verify(&token).await, Err(reason.into()), "{name}");
    }
    assert!(verifier.verify(&good).await.is_ok());
}

#[tokio::test]
async fn a_token_whose_signature_or_claims_are_wrong_is_refused() {
    let key = SigningKey::generate().unwrap();
    let verifier = verifier(&key);
    let good = key.mint(&claims()).unwrap();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let other = changed(&key, |c| c.branches = Branches::from(&BranchScope::All));
    let other_message = other.rsplit_once('.').unwrap().0;
    let mut hs256 = Header::new(Algorithm::HS256);
    hs256.kid = Some(key.kid().to_owned());
    let public = BASE64_URL_SAFE_NO_PAD.decode(&key.public().x).unwrap();
    let header = format!(r#"{{"typ":"JWT","alg":"EdDSA","kid":"{}"}}"#, key.kid());
    let said = serde_json::to_string(&claims()).unwrap();
    let twice = said.replacen('{', r#"{"sub":"1","#, 1);
    let cases = [
        ("truncated", good[..good.len() - 9].to_owned(), BadToken::Malformed),
        ("no signature", format!("{message}."), BadToken::Signature),
        ("no third part", message.to_owned(), BadToken::Malformed),
        ("a part more", format!("{good}.x"), BadToken::Malformed),
        ("another's signature", format!("{other_message}.{signature}"), BadToken::Signature),
        ("ended", changed(&key, |c| (c.iat, c.exp) = (c.iat - 900, c.iat - 1)), BadToken::Ended),
        ("ends now", changed(&key, |c| (c.iat, c.exp) = (c.iat - 900, c.iat)), BadToken::Ended),
        (
            "ended before it began",
            changed(&key, |c| (c.iat, c.exp) = (c.iat + 30, c.iat + 20)),
            BadToken::Malformed,
        ),
        (
            "made in the future",
            changed(&key, |c| (c.iat, c.exp) = (c.iat + 3_600, c.exp + 3_600)),
            BadToken::Future,
        ),
        (
            "another issuer",
            changed(&key, |c| c.iss = "http://elsewhere.example".to_owned()),
            BadToken::Issuer,
        ),
        ("no issuer", changed(&key, |c| c.iss.clear()), BadToken::Issuer),
        ("another audience", changed(&key, |c| c.aud = "portal".to_owned()), BadToken::Audience),
        ("no subject", changed(&key, |c| c.sub.clear()), BadToken::Malformed),
        ("no username", changed(&key, |c| c.username.clear()), BadToken::Malformed),
        ("claims that are no JSON", signed(&key, &header, "{"), BadToken::Malformed),
        ("a claim twice", signed(&key, &header, &twice), BadToken::Malformed),
        (
            "an audience among others",
            signed(&key, &header, &said.replace(r#""services""#, r#"["services","x"]"#)),
            BadToken::Malformed,
        ),
        (
            "a time that it is not to be used before",
            signed(&key, &header, &said.replacen('{', r#"{"nbf":99999999999,"#, 1)),
            BadToken::Malformed,
        ),
        (
            "a claim more",
            signed(&key, &header, &said.replacen('{', r#"{"scope":"all","#, 1)),
            BadToken::Malformed,
        ),
        ("valid for longer than tokens are", changed(&key, |c| c.exp += 1), BadToken::Malformed),
        ("valid for ever", changed(&key, |c| c.exp = i64::MAX), BadToken::Malformed),
        ("of no time", changed(&key, |c| c.iat = i64::MIN), BadToken::Malformed),
        ("no id of its own", changed(&key, |c| c.jti.clear()), BadToken::Malformed),
        ("an unknown role", changed(&key, |c| c.roles.push("Root".to_owned())), BadToken::Malformed),
        (
            "HS256 with the public key",
            jsonwebtoken::encode(&hs256, &claims(), &EncodingKey::from_secret(&public)).unwrap(),
            BadToken::Algorithm,
        ),
    ];
    for (name, token, reason) in cases {
        assert_eq!(verifier.verify(&token).await, Err(reason.into()), "{name}");
    }
    assert!(verifier.verify(&good).await.is_ok());
}

#[test]
fn what_a_client_may_read_of_a_bad_token_is_one_sentence_for_all() {
    for bad in [BadToken::Signature, BadToken::Ended, BadToken::UnknownKey] {
        assert_eq!(TokenError::from(bad).to_string(), "the token is not valid");
    }
}
