//! Digests of content and of framed fields; the only user of BLAKE3.
//!
//! Fields are tagged and carry their length, so `"ab" + "c"` and `"a" + "bc"` differ and nothing can run together.

use std::fmt;

/// 32 bytes, printed as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    pub(crate) fn parse(hex: &str) -> Option<Self> {
        blake3::Hash::from_hex(hex)
            .ok()
            .map(|h| Self(*h.as_bytes()))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 16 hex digits: enough for a tag, which is a hint only.
    pub(crate) fn short(&self) -> String {
        self.to_string()[..16].to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Computes a digest over named fields.
pub(crate) struct Digester(blake3::Hasher);

impl Digester {
    pub(crate) fn new(purpose: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(purpose.as_bytes());
        hasher.update(b"\0");
        Self(hasher)
    }

    /// One field: the name's length and bytes, then the value's.
    pub(crate) fn field(&mut self, name: &str, value: &[u8]) -> &mut Self {
        for bytes in [name.as_bytes(), value] {
            self.0.update(&(bytes.len() as u64).to_le_bytes());
            self.0.update(bytes);
        }
        self
    }

    /// A list: its count, then each element framed.
    pub(crate) fn list<T: AsRef<[u8]>>(&mut self, name: &str, values: &[T]) -> &mut Self {
        self.field(name, &(values.len() as u64).to_le_bytes());
        for value in values {
            self.field("", value.as_ref());
        }
        self
    }

    pub(crate) fn finish(&self) -> Digest {
        Digest(*self.0.finalize().as_bytes())
    }
}

/// Digest of a stream, for contents too large to hold.
#[derive(Default)]
pub(crate) struct Stream(blake3::Hasher);

impl Stream {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(&self) -> Digest {
        Digest(*self.0.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_cannot_run_together() {
        let digest = |a: &str, b: &str| {
            Digester::new("t")
                .field("x", a.as_bytes())
                .field("x", b.as_bytes())
                .finish()
        };
        assert_ne!(digest("ab", "c"), digest("a", "bc"));
        assert_eq!(digest("ab", "c"), digest("ab", "c"));
        let one = Digester::new("t").list("x", &["a", "b"]).finish();
        let two = Digester::new("t")
            .list("x", &["a"])
            .field("", b"b")
            .finish();
        assert_ne!(one, two);
        assert_eq!(Digest::parse(&one.to_string()), Some(one));
    }
}
