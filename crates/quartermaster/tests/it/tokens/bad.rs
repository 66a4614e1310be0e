//! Bad tokens over HTTP: each is refused like any other, and none reaches a handler.

use aws_lc_rs::signature::Ed25519KeyPair;
use aws_lc_rs::{hmac, rand, signature};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use identity::SigningKey;
use portal::By;
use portal::accounts::access;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::fleet::Fleet;
use crate::support::App;

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Makes tokens of an Admin that are wrong in one thing, and signed with the portal's own key all the same.
struct Forge {
    pair: Ed25519KeyPair,
    header: Value,
    claims: Value,
    /// The public half, as everybody has it.
    public: Vec<u8>,
}

impl Forge {
    fn of(app: &App) -> Forge {
        let key = app.key();
        Forge {
            pair: Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.to_pkcs8()).unwrap(),
            header: json!({ "typ": "JWT", "alg": "EdDSA", "kid": key.kid() }),
            claims: serde_json::to_value(app.admin_claims()).unwrap(),
            public: BASE64_URL_SAFE_NO_PAD.decode(&key.public().x).unwrap(),
        }
    }

    /// These very texts, signed.
    fn texts(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = self.pair.sign(message.as_bytes());
        format!("{message}.{}", encode(signature))
    }

    fn good(&self) -> String {
        self.texts(&self.header.to_string(), &self.claims.to_string())
    }

    /// With a member of the header changed; `null` leaves it out.
    fn header(&self, name: &str, value: Value) -> String {
        self.texts(&changed(&self.header, name, value), &self.claims.to_string())
    }

    /// With a claim changed; `null` leaves it out.
    fn claim(&self, name: &str, value: Value) -> String {
        self.texts(&self.header.to_string(), &changed(&self.claims, name, value))
    }

    /// With another algorithm, signed as that has it.
    fn algorithm(&self, name: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let message = format!(
            "{}.{}",
            encode(changed(&self.header, "alg", json!(name))),
            encode(self.claims.to_string())
        );
        let signature = sign(message.as_bytes());
        format!("{message}.{}", encode(signature))
    }
}

fn changed(object: &Value, name: &str, value: Value) -> String {
    let mut object = object.clone();
    match value {
        Value::Null => object.as_object_mut().unwrap().remove(name),
        value => object.as_object_mut().unwrap().insert(name.to_owned(), value),
    };
    object.to_string()
}

/// Text with a member more in front.
fn with_first(object: &Value, member: &str) -> String {
    object.to_string().replacen('{', &format!("{{{member},"), 1)
}

fn headers(forge: &Forge) -> Vec<(&'static str, String)> {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(&forge.public) });
    let hs256 = |secret: &[u8]| {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        forge.algorithm("HS256", |message| hmac::sign(&secret, message).as_ref().to_vec())
    };
    let es256 = forge.algorithm("ES256", |message| {
        let pair = signature::EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        pair.sign(&rand::SystemRandom::new(), message).unwrap().as_ref().to_vec()
    });
    let ed25519 = |message: &[u8]| forge.pair.sign(message).as_ref().to_vec();
    vec![
        ("alg none without a signature", forge.algorithm("none", |_| Vec::new())),
        ("alg None without a signature", forge.algorithm("None", |_| Vec::new())),
        ("alg none, signed", forge.header("alg", json!("none"))),
        ("alg HS256, the public key its secret", hs256(&forge.public)),
        ("alg HS256, the public key's text its secret", hs256(encode(&forge.public).as_bytes())),
        ("alg HS256, the JWK its secret", hs256(key.to_string().as_bytes())),
        ("alg HS512", forge.algorithm("HS512", ed25519)),
        ("alg RS256", forge.algorithm("RS256", ed25519)),
        ("alg PS256", forge.algorithm("PS256", ed25519)),
        ("alg ES256 of a key of its own", es256),
        ("alg in small letters", forge.header("alg", json!("eddsa"))),
        ("alg missing", forge.header("alg", json!(null))),
        ("alg an array", forge.header("alg", json!(["EdDSA"]))),
        ("alg a number", forge.header("alg", json!(1))),
        ("alg empty", forge.header("alg", json!(""))),
        ("kid missing", forge.header("kid", json!(null))),
        ("kid empty", forge.header("kid", json!(""))),
        ("kid a path", forge.header("kid", json!("../../../../dev/null"))),
        ("kid SQL", forge.header("kid", json!("x' union select '' --"))),
        ("kid a command", forge.header("kid", json!("|sleep 5"))),
        ("kid huge", forge.header("kid", json!("k".repeat(5_000)))),
        ("kid a number", forge.header("kid", json!(1))),
        ("kid an array", forge.header("kid", json!([forge.header["kid"]]))),
        ("kid an object", forge.header("kid", json!({ "kid": forge.header["kid"] }))),
        ("kid of NUL", forge.header("kid", json!("\0"))),
        ("typ missing", forge.header("typ", json!(null))),
        ("typ of another kind of token", forge.header("typ", json!("at+jwt"))),
        ("typ a number", forge.header("typ", json!(1))),
        ("jku", forge.header("jku", json!("http://127.0.0.1:1/jwks.json"))),
        ("x5u", forge.header("x5u", json!("http://127.0.0.1:1/cert.pem"))),
        ("x5c", forge.header("x5c", json!([BASE64_STANDARD.encode(&forge.public)]))),
        ("x5t", forge.header("x5t", json!("AAAA"))),
        ("jwk", forge.header("jwk", key)),
        ("crit", forge.header("crit", json!(["exp"]))),
        ("crit empty", forge.header("crit", json!([]))),
        ("b64", forge.header("b64", json!(false))),
        ("zip", forge.header("zip", json!("DEF"))),
        ("enc", forge.header("enc", json!("A256GCM"))),
        ("cty of a nested token", forge.header("cty", json!("JWT"))),
        ("alg twice", forge.texts(&with_first(&forge.header, r#""alg":"none""#), &forge.claims.to_string())),
        ("kid twice", forge.texts(&with_first(&forge.header, r#""kid":"x""#), &forge.claims.to_string())),
        ("typ twice", forge.texts(&with_first(&forge.header, r#""typ":"JWT""#), &forge.claims.to_string())),
        ("a header that is an array", forge.texts("[]", &forge.claims.to_string())),
        ("a header that is no JSON", forge.texts("{", &forge.claims.to_string())),
        ("a header and more", forge.texts(&format!("{}{{}}", forge.header), &forge.claims.to_string())),
    ]
}

fn claims(forge: &Forge) -> Vec<(&'static str, String)> {
    let now = forge.claims["iat"].as_i64().unwrap();
    let times = |iat: i64, exp: i64| {
        let mut claims = forge.claims.clone();
        (claims["iat"], claims["exp"]) = (json!(iat), json!(exp));
        forge.texts(&forge.header.to_string(), &claims.to_string())
    };
    let twice = |member: &str| forge.texts(&forge.header.to_string(), &with_first(&forge.claims, member));
    let mut cases = vec![
        ("iss of another", forge.claim("iss", json!("elsewhere"))),
        ("iss empty", forge.claim("iss", json!(""))),
        ("iss an array", forge.claim("iss", json!([forge.claims["iss"]]))),
        ("aud of another", forge.claim("aud", json!("elsewhere"))),
        ("aud an array", forge.claim("aud", json!([forge.claims["aud"], "elsewhere"]))),
        ("sub empty", forge.claim("sub", json!(""))),
        ("sub a number", forge.claim("sub", json!(1))),
        ("username empty", forge.claim("username", json!(""))),
        ("jti empty", forge.claim("jti", json!(""))),
        ("exp passed", times(now - 900, now - 1)),
        ("exp long passed", times(now - 90_000, now - 89_100)),
        ("exp a fraction", forge.claim("exp", json!(now as f64 + 600.5))),
        ("exp a text", forge.claim("exp", json!((now + 900).to_string()))),
        ("exp negative", forge.claim("exp", json!(-1))),
        ("exp zero", forge.claim("exp", json!(0))),
        ("exp huge", forge.claim("exp", json!(i64::MAX))),
        (
            "exp beyond 64 bits",
            forge.texts(&forge.header.to_string(), &changed(&forge.claims, "exp", json!(u64::MAX))),
        ),
        ("exp a day away", forge.claim("exp", json!(now + 86_400))),
        ("iat in the future", times(now + 3_600, now + 4_500)),
        ("iat a fraction", forge.claim("iat", json!(now as f64 + 0.5))),
        ("iat a text", forge.claim("iat", json!(now.to_string()))),
        ("iat negative", forge.claim("iat", json!(-1))),
        ("iat huge", forge.claim("iat", json!(i64::MAX))),
        ("iat the least", forge.claim("iat", json!(i64::MIN))),
        ("iat after exp", times(now + 30, now + 20)),
        ("nbf in the future", forge.claim("nbf", json!(now + 600))),
        ("nbf a text", forge.claim("nbf", json!("now"))),
        ("nbf, which no token of ours has", forge.claim("nbf", json!(now))),
        ("an unknown role", forge.claim("roles", json!(["Admin", "Root"]))),
        ("a role in small letters", forge.claim("roles", json!(["admin"]))),
        ("roles a text", forge.claim("roles", json!("Admin"))),
        ("roles of numbers", forge.claim("roles", json!([1]))),
        (
            "roles null",
            forge.texts(&forge.header.to_string(), &forge.claims.to_string().replace(r#"["Admin"]"#, "null")),
        ),
        ("branches a text", forge.claim("branches", json!("all"))),
        ("branches a star in an array", forge.claim("branches", json!(["*"]))),
        ("branches of texts", forge.claim("branches", json!(["1"]))),
        ("branches of fractions", forge.claim("branches", json!([1.5]))),
        ("branches a number", forge.claim("branches", json!(1))),
        ("branches an object", forge.claim("branches", json!({ "1": true }))),
        ("sub twice", twice(r#""sub":"1""#)),
        ("exp twice", twice(r#""exp":99999999999"#)),
        ("roles twice", twice(r#""roles":["Worker"]"#)),
        ("iss twice", twice(r#""iss":"elsewhere""#)),
        ("a claim that is not ours", forge.claim("scope", json!("everything"))),
        ("claims that are an array", forge.texts(&forge.header.to_string(), "[]")),
        ("claims that are no JSON", forge.texts(&forge.header.to_string(), "{")),
        ("claims that are a text", forge.texts(&forge.header.to_string(), "\"admin\"")),
        ("no claims", forge.texts(&forge.header.to_string(), "")),
    ];
    for name in ["iss", "sub", "aud", "iat", "exp", "jti", "username", "roles", "branches"] {
        cases.push(("a claim missing", forge.claim(name, json!(null))));
    }
    cases
}

fn texts(forge: &Forge) -> Vec<(&'static str, String)> {
    let good = forge.good();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { panic!("{good}") };
    let stranger = Ed25519KeyPair::generate().unwrap();
    let message = format!("{header}.{claims}");
    let forged = encode(stranger.sign(message.as_bytes()));
    let mut cases = vec![
        ("empty", String::new()),
        ("nonsense", "nonsense".to_owned()),
        ("dots alone", "..".to_owned()),
        ("one part", (*header).to_owned()),
        ("two parts", message.clone()),
        ("no header", format!(".{claims}.{signature}")),
        ("no claims", format!("{header}..{signature}")),
        ("no signature", format!("{message}.")),
        ("a part more", format!("{good}.{signature}")),
        ("an empty part more", format!("{good}.")),
        ("an empty part before", format!(".{good}")),
        ("five parts, as encrypted ones have", format!("{good}.{signature}.{signature}")),
        ("the header cut short", format!("{}.{claims}.{signature}", &header[..header.len() - 2])),
        ("the claims cut short", format!("{header}.{}.{signature}", &claims[..claims.len() - 2])),
        ("the signature cut short", good[..good.len() - 2].to_owned()),
        ("the signature a byte longer", format!("{good}AA")),
        ("a padded header", format!("{header}==.{claims}.{signature}")),
        ("padded claims", format!("{header}.{claims}=.{signature}")),
        ("a padded signature", format!("{good}==")),
        ("a signature of zeros", format!("{message}.{}", encode([0; 64]))),
        ("standard base64", format!("{message}.{}", BASE64_STANDARD.encode([0xFB; 64]))),
        ("a space within", good.replacen('.', ". ", 1)),
        ("a space in the signature", format!("{} {}", &good[..good.len() - 9], &good[good.len() - 9..])),
        ("a tab within", good.replacen('.', "\t.", 1)),
        ("two tokens", format!("{good},{good}")),
        ("in quotes", format!("\"{good}\"")),
        ("oversized", format!("{message}.{}", "A".repeat(9_000))),
        ("oversized claims", forge.claim("username", json!("a".repeat(9_000)))),
        ("signed by another key under the same name", format!("{message}.{forged}")),
        ("parts in another order", format!("{claims}.{header}.{signature}")),
    ];
    for (part, name) in
        [(0, "a bit of the header"), (1, "a bit of the claims"), (2, "a bit of the signature")]
    {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(parts[part]).unwrap();
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            let flipped = encode(bytes);
            let mut parts = parts.clone();
            parts[part] = &flipped;
            cases.push((name, parts.join(".")));
        }
    }
    // The last character of 64 bytes holds two bits that mean nothing: another one is another text of the same bytes.
    let last = if good.ends_with('A') { 'B' } else { 'A' };
    cases.push(("another spelling of the signature", format!("{}{last}", &good[..good.len() - 1])));
    cases
}

/// What an answer says, apart from which request it answers.
async fn answer(request: reqwest::RequestBuilder) -> (u16, Option<String>, Value) {
    let response = request.send().await.unwrap();
    let challenge = |headers: &HeaderMap| Some(headers.get("www-authenticate")?.to_str().ok()?.to_owned());
    let (status, challenge) = (response.status().as_u16(), challenge(response.headers()));
    let mut body: Value = response.json().await.unwrap();
    for own in ["request_id", "instance"] {
        body.as_object_mut().unwrap().remove(own);
    }
    (status, challenge, body)
}

#[tokio::test]
async fn every_bad_token_is_refused_alike_and_reaches_no_handler() {
    let app = App::start().await;
    let forge = Forge::of(&app);
    let expected = answer(app.nobody().request("GET".parse().unwrap(), "/v1/stock")).await;
    assert_eq!((expected.0, expected.1.as_deref()), (401, Some("Bearer realm=\"quartermaster\"")));
    let cases = [headers(&forge), claims(&forge), texts(&forge)].concat();
    assert!(cases.len() > 100, "{}", cases.len());
    for (name, token) in &cases {
        let user = app.bearer(token);
        assert_eq!(
            answer(user.request("GET".parse().unwrap(), "/v1/stock")).await,
            expected,
            "{name}: {token}"
        );
        let change = user.request("POST".parse().unwrap(), "/v1/branches").json(&json!({ "name": name }));
        assert_eq!(answer(change).await, expected, "{name}: {token}");
    }
    // The forge makes good tokens where nothing is wrong, and nothing has happened before this one.
    let good = app.bearer(&forge.good());
    assert_eq!(good.get("/v1/branches").await.expect(200).len(), 0);
    assert_eq!(good.get("/v1/audit").await.expect(200).len(), 0);
}

#[tokio::test]
async fn schemes_and_headers_that_are_no_bearer_token_are_refused_alike() {
    let app = App::start().await;
    let good = Forge::of(&app).good();
    let expected = answer(app.nobody().request("GET".parse().unwrap(), "/v1/stock")).await;
    for values in [
        vec![good.clone()],
        vec![format!("Basic {good}")],
        vec![format!("Token {good}")],
        vec![format!("Bearer:{good}")],
        vec!["Bearer".to_owned()],
        vec!["Bearer ".to_owned()],
        vec![String::new()],
        vec![format!("Bearer {good}"), format!("Bearer {good}")],
    ] {
        let mut request = app.nobody().request("GET".parse().unwrap(), "/v1/stock");
        for value in &values {
            request = request.header("authorization", value);
        }
        assert_eq!(answer(request).await, expected, "{values:?}");
    }
    for path in [format!("/v1/stock?access_token={good}"), format!("/v1/branches?access_token={good}")] {
        let (status, _, _) = answer(app.nobody().request("GET".parse().unwrap(), &path)).await;
        assert_eq!(status, 401, "a token in the address is none");
    }
}

#[tokio::test]
async fn tokens_that_were_good_once_are_refused_like_any_other() {
    let fleet = Fleet::start().await;
    fleet.admin("mia").await;
    fleet.admin("max").await;
    let call = |token: &str| fleet.http.get(format!("{}/v1/stock", fleet.services[0])).bearer_auth(token);
    let expected = answer(call("nonsense")).await;
    assert_eq!(expected.0, 401);
    let stranger = SigningKey::generate().unwrap();
    let now = jiff::Timestamp::now().as_second();
    let claims = identity::Claims::new(super::fleet::ISSUER, portal::AUDIENCE, "1", "mia", now);
    assert_eq!(
        answer(call(&stranger.mint(&claims).unwrap())).await,
        expected,
        "a key that was never published"
    );

    let of_disabled = fleet.token("mia").await;
    fleet.assert_good(&of_disabled).await;
    access::disable(&fleet.pool, &By::operator("test"), "mia").await.unwrap();
    fleet.until_refused(&of_disabled).await;
    assert_eq!(answer(call(&of_disabled)).await, expected, "a disabled user");

    let of_retired = fleet.token("max").await;
    fleet.assert_good(&of_retired).await;
    let old = super::fleet::part(&of_retired, 0)["kid"].as_str().unwrap().to_owned();
    let ahead = std::time::Duration::ZERO;
    portal::keys::rotate(&fleet.pool, &By::operator("test"), &fleet.encryption, ahead).await.unwrap();
    portal::keys::retire(&fleet.pool, &By::operator("test"), &old, true).await.unwrap();
    fleet.until_refused(&of_retired).await;
    assert_eq!(answer(call(&of_retired)).await, expected, "a retired key");
}
