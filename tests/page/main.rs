//! The page of `runenv report --html` in a real browser: no error, no network, by keyboard, on a phone, light and dark.
//!
//! Needs Debian's `chromium-headless-shell` or `chromium` (`tests/all.sh` installs it); without one it says that it is
//! skipped. Pictures of the page are left in `target/tmp/page/`, to be looked at.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read and write files, start programs and look at the clock"
)]

mod browser;
mod matrix;

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use browser::Browser;

/// The page of the matrix beside the run before it, in a folder.
fn page(folder: &Path) -> PathBuf {
    for (name, older) in [("run.json", false), ("old.json", true)] {
        let text = matrix::run(older).to_string();
        fs::write(folder.join(name), text).expect("a file in a new folder");
    }
    let ran = std::process::Command::new(assert_cmd::cargo::cargo_bin!("runenv"))
        .args([
            "report",
            "run.json",
            "--baseline",
            "old.json",
            "--html",
            "page.html",
        ])
        .current_dir(folder)
        .output()
        .expect("the binary starts");
    assert_eq!(
        ran.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    folder.join("page.html")
}

/// Leaves a picture of the window.
fn picture(browser: &mut Browser, name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    fs::create_dir_all(&folder).expect("a folder in target");
    let bytes = base64::engine::general_purpose::STANDARD.decode(browser.screenshot());
    fs::write(folder.join(name), bytes.expect("base64")).expect("a file in target");
}

#[test]
fn the_page_works_in_a_browser() {
    let Some(program) = browser::program() else {
        println!("skipped: neither chromium-headless-shell nor chromium is installed");
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let page = page(folder.path());
    let size = fs::metadata(&page).expect("it was written").len();
    assert!(size < 2_000_000, "{size} bytes");
    println!("{size} bytes");
    let url = format!("file://{}", page.display());
    let mut browser = Browser::start(program);
    browser.look(1280, 900, false);
    browser.open(&url);
    all_is_there(&mut browser);
    filters(&mut browser);
    by_keyboard(&mut browser);
    looks(&mut browser);
    let (requests, console) = browser.noise();
    assert_eq!(requests, [url], "the page asks for something");
    assert_eq!(console, Vec::<String>::new());
}

const SHOWN: &str = "document.querySelectorAll('.cell:not(.out)').length";
const FOCUS: &str =
    "document.activeElement.getAttribute('aria-label') || document.activeElement.id";

fn all_is_there(browser: &mut Browser) {
    assert_eq!(browser.value(SHOWN), 139);
    assert_eq!(
        browser.value("document.querySelectorAll('.grid tbody tr').length"),
        47
    );
    assert_eq!(
        browser.value("document.querySelectorAll('.cell.bad').length"),
        20
    );
    // A script in a log is text, and did nothing.
    assert_eq!(
        browser.text("document.title"),
        browser.text("data.title + ' · runenv report'")
    );
    assert_eq!(browser.value("document.scripts.length"), 2);
}

fn filters(browser: &mut Browser) {
    browser.press("/");
    assert_eq!(browser.text(FOCUS), "Filter by text");
    for key in "fedora max".chars() {
        browser.press(&key.to_string());
    }
    assert_eq!(browser.value(SHOWN), 7);
    assert_eq!(browser.text("shown.textContent"), "7 of 139 environments");
    browser.press("ArrowDown");
    assert_eq!(
        browser.text("document.activeElement.title"),
        "docker-fedora-38-maximal"
    );
    browser.press("/");
    browser.press("Escape");
    assert_eq!(browser.value(SHOWN), 139);
    // From the text to the chips and through them: all, passed, failed.
    for key in ["Tab", "Tab", "Tab", "Enter"] {
        browser.press(key);
    }
    assert_eq!(
        browser.text("document.activeElement.textContent"),
        "failed 10"
    );
    assert_eq!(browser.value(SHOWN), 10);
    picture(browser, "failed.png");
    browser.press("Enter");
    assert_eq!(browser.value(SHOWN), 139);
}

fn by_keyboard(browser: &mut Browser) {
    let first = matrix::names();
    browser.press("/");
    browser.press("Enter");
    for (key, at) in [
        ("ArrowRight", 1),
        ("ArrowDown", 4),
        ("ArrowDown", 7),
        ("ArrowRight", 8),
        ("ArrowUp", 5),
        ("ArrowLeft", 4),
        ("ArrowUp", 1),
        ("ArrowLeft", 0),
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowDown", 5),
        ("ArrowLeft", 4),
        ("ArrowLeft", 3),
    ] {
        browser.press(key);
        assert_eq!(
            browser.text("document.activeElement.title"),
            first[at].0,
            "{key}"
        );
    }
    browser.press("Enter");
    assert_eq!(browser.value("detail.open"), true);
    let told = browser.text("detail.innerText");
    for words in [
        first[3].0.as_str(),
        "./sage -t --all",
        matrix::HOSTILE,
        "AssertionError",
        "03-tested.log",
        "runenv shell",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(
        browser.value("detail.querySelectorAll('script, img').length"),
        0
    );
    picture(browser, "detail.png");
    browser.press("Escape");
    assert_eq!(browser.value("detail.open"), false);
    assert_eq!(browser.text("document.activeElement.title"), first[3].0);
}

/// Nothing is wider than the window, whatever that is; pictures are left for people.
fn looks(browser: &mut Browser) {
    for (width, height, dark, name) in [
        (1280, 900, false, "desktop"),
        (1280, 900, true, "desktop-dark"),
        (375, 800, false, "phone"),
        (375, 800, true, "phone-dark"),
    ] {
        browser.look(width, height, dark);
        browser.value("scrollTo(0, 0)");
        let wide = browser
            .value("document.documentElement.scrollWidth")
            .as_u64();
        assert!(wide <= Some(width.into()), "{name}: {wide:?}");
        picture(browser, &format!("{name}.png"));
    }
    browser.value("document.querySelector('.cell.bad').click()");
    picture(browser, "phone-detail.png");
    let wide = browser.value("detail.scrollWidth").as_u64();
    assert!(wide <= Some(375), "{wide:?}");
    browser.press("Escape");
}
