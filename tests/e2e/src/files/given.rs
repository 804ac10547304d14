//! What is given out at `/files/{id}`, to whom, and how.

use quoin_harness::{Reply, Shop};

use super::{kept, start, upload};

fn part(shop: &Shop, id: &str, range: &str) -> Reply {
    shop.request("GET", &format!("/files/{id}")).header("range", range).send()
}

#[test]
fn a_public_file_is_for_everybody_for_ever() {
    let (_host, shop) = start();
    let id = kept(&shop, "image/png", "png", true);
    let path = format!("/files/{id}");
    let answer = shop.get(&path);
    assert_eq!((answer.status, answer.text.as_str()), (200, "png"));
    for (name, value) in [
        ("content-type", "image/png"),
        ("content-length", "3"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("content-disposition", "inline"),
        ("content-security-policy", "default-src 'none'; sandbox"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let tag = answer.header("etag").to_owned();
    assert_eq!(tag, format!("\"{id}\""));
    let known = shop.request("GET", &path).header("if-none-match", &tag).send();
    assert_eq!((known.status, known.text.as_str()), (304, ""));
    let head = shop.request("HEAD", &path).send();
    assert_eq!((head.status, head.header("content-length"), head.text.as_str()), (200, "3", ""));
}

#[test]
fn what_could_run_in_a_browser_is_saved_and_not_shown() {
    let (_host, shop) = start();
    let id = kept(&shop, "text/html", "<script>1</script>", true);
    let answer = shop.get(&format!("/files/{id}"));
    assert_eq!(answer.header("content-disposition"), "attachment");
}

#[test]
fn a_file_that_is_not_public_is_for_who_has_a_key() {
    let (_host, shop) = start();
    let secret = kept(&shop, "text/plain", "secret", false);
    let unkept = upload(&shop, "text/plain", "unkept").expect(201);
    let unkept = unkept["id"].as_str().expect("an id");
    for id in [secret.as_str(), unkept, &"0".repeat(64), "x", ""] {
        shop.get(&format!("/files/{id}")).refused(404, "no-such-file");
    }
    let answer = shop.admin().get(&format!("/files/{secret}"));
    assert_eq!((answer.status, answer.text.as_str()), (200, "secret"));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[test]
fn a_part_of_a_file_is_given() {
    let (_host, shop) = start();
    let id = kept(&shop, "text/plain", "0123456789", true);
    let middle = part(&shop, &id, "bytes=2-4");
    assert_eq!((middle.status, middle.text.as_str()), (206, "234"));
    assert_eq!(middle.header("content-range"), "bytes 2-4/10");
    assert_eq!(part(&shop, &id, "bytes=-3").text, "789");
    let beyond = part(&shop, &id, "bytes=10-");
    assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */10"));
    let path = format!("/files/{id}");
    let other = shop.request("GET", &path).header("range", "bytes=0-1").header("if-range", "\"x\"");
    assert_eq!(other.send().status, 200);
}
