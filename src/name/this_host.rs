//! What `local-host` is, for conditions: this machine has a family and a release, too.
//!
//! Nothing is read here: the reader is given, and called when a condition first asks.

use std::sync::OnceLock;

use super::System;
use crate::host::os_release::HostSystem;

#[derive(Debug)]
pub(crate) struct ThisHost {
    read: fn() -> HostSystem,
    is: OnceLock<HostSystem>,
}

impl ThisHost {
    pub(crate) fn new(read: fn() -> HostSystem) -> Self {
        let is = OnceLock::new();
        Self { read, is }
    }

    /// Is it this family, and this release where there is one?
    pub(super) fn is(&self, system: &System) -> bool {
        let host = self.is.get_or_init(self.read);
        host.is(&system.family, system.release.as_deref())
    }
}

/// A machine of which nobody knows what it is.
impl Default for ThisHost {
    fn default() -> Self {
        Self::new(HostSystem::default)
    }
}
