run -m nightly
