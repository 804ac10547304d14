use std::fs;

use quoin_core::Digest;
use quoin_core::limits::BUNDLE_BYTES_MAX;
use quoin_registry::{BundleStore, StoreError};

fn store() -> (tempfile::TempDir, BundleStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = BundleStore::open(dir.path().join("bundles")).unwrap();
    (dir, store)
}

#[test]
fn what_is_put_comes_back_and_is_listed_until_removed() {
    let (_dir, store) = store();
    let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
    assert!(store.put(b"a", &a).unwrap());
    assert!(store.put(b"b", &b).unwrap());
    assert!(!store.put(b"a", &a).unwrap());
    assert_eq!(store.get(&a).unwrap(), b"a");
    assert_eq!(fs::read(store.path(&b)).unwrap(), b"b");
    let mut both = vec![a.clone(), b.clone()];
    both.sort();
    assert_eq!(store.list().unwrap(), both);
    assert!(store.remove(&a).unwrap());
    assert!(!store.remove(&a).unwrap());
    assert_eq!(store.list().unwrap(), [b]);
    assert!(matches!(store.get(&a), Err(StoreError::Missing(_))));
}

#[test]
fn bytes_of_another_digest_are_refused_and_leave_nothing() {
    let (_dir, store) = store();
    let fault = store.put(b"a", &Digest::of(b"b")).unwrap_err();
    assert!(matches!(fault, StoreError::Damaged { .. }), "{fault}");
    assert_eq!(store.list().unwrap(), []);
}

#[test]
fn a_damaged_bundle_is_noticed_and_mended() {
    let (_dir, store) = store();
    let digest = Digest::of(b"bundle");
    store.put(b"bundle", &digest).unwrap();
    fs::write(store.path(&digest), b"bundel").unwrap();
    let fault = store.get(&digest).unwrap_err();
    assert!(fault.to_string().contains("is damaged"), "{fault}");
    assert!(store.put(b"bundle", &digest).unwrap());
    assert_eq!(store.get(&digest).unwrap(), b"bundle");
}

#[test]
fn too_large_a_file_is_neither_stored_nor_read() {
    let (_dir, store) = store();
    let bytes = vec![0; BUNDLE_BYTES_MAX + 1];
    let digest = Digest::of(&bytes);
    assert!(matches!(store.put(&bytes, &digest), Err(StoreError::TooLarge(_))));
    fs::write(store.path(&digest), &bytes).unwrap();
    assert!(matches!(store.get(&digest), Err(StoreError::TooLarge(_))));
}

#[test]
fn what_an_interrupted_put_left_is_removed_when_the_store_opens() {
    let (dir, store) = store();
    let digest = Digest::of(b"kept");
    store.put(b"kept", &digest).unwrap();
    let part = dir.path().join("bundles").join(format!("{}.00.part", Digest::of(b"x")));
    fs::write(&part, b"half").unwrap();
    fs::write(dir.path().join("bundles/readme.txt"), b"not ours").unwrap();
    let again = BundleStore::open(dir.path().join("bundles")).unwrap();
    assert!(!part.exists());
    assert_eq!(again.list().unwrap(), [digest]);
}

#[test]
fn putting_from_many_threads_is_one_bundle() {
    let (_dir, store) = store();
    let digest = Digest::of(b"same");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| store.put(b"same", &digest).unwrap());
        }
    });
    assert_eq!(store.get(&digest).unwrap(), b"same");
    assert_eq!(store.list().unwrap(), [digest]);
}
