//! The waiting container whose network all stages of an environment join: a network of its own for each stage would
//! cost as much as all the rest of a short stage.

use std::path::Path;
use std::time::Duration;

use super::call::Calls;
use crate::engine::{Container, facts};
use crate::exec::{self, Held};
use crate::problem::Problem;

/// How long the container may take to come up.
const UP: Duration = Duration::from_secs(60);
/// How long it may take to go: it ends as soon as its stdin does.
const DOWN: Duration = Duration::from_secs(10);

pub(crate) struct Network {
    name: String,
    held: Held,
    up: bool,
}

impl Network {
    /// Starts it from a stage's parent image, which is there; it comes up while other things go on.
    pub(crate) fn start(
        calls: &Calls<'_>,
        spec: &Container<'_>,
        folder: &Path,
    ) -> Result<Self, Problem> {
        let mut command = calls.engine.hold_network(spec);
        command.dir = Some(folder.to_owned());
        Ok(Self {
            name: spec.name.to_owned(),
            held: exec::hold(&command)?,
            up: false,
        })
    }

    /// What a container that joins is told, once it can be joined.
    pub(crate) fn join(&mut self) -> Result<String, Problem> {
        if !self.up {
            self.held.until("up", UP).map_err(|said| self.down(&said))?;
        }
        self.up = true;
        Ok(format!("container:{}", self.name))
    }

    /// Has it gone, as far as the client told? It is a moment late.
    pub(crate) fn ended(&self) -> bool {
        self.up && self.held.ended()
    }

    /// Has it gone from under those that joined it? The engine is asked: for when something went wrong.
    pub(crate) fn is_lost(&self, calls: &Calls<'_>) -> bool {
        if !self.up || self.held.ended() {
            return self.up;
        }
        let Ok(output) = calls.query(&calls.engine.inspect_container(&self.name)) else {
            return false;
        };
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        let over = ["exited", "stopped", "stopping", "removing", "dead"];
        match facts::container_state(&output.stdout) {
            Ok(state) if output.exit.success() => over.contains(&state.status.as_str()),
            Ok(_) | Err(_) => said.contains("no such container"),
        }
    }

    fn down(&self, said: &str) -> Problem {
        let name = &self.name;
        let why = if said.is_empty() {
            "it says nothing"
        } else {
            said
        };
        let title =
            format!("the container `{name}`, whose network the stages share, did not start: {why}");
        let help = "is there a `sh` in the image? does the engine have a network? `network = \"host\"` needs none";
        Problem::engine(title, help)
    }

    /// Ends it: after all containers that joined it are removed.
    pub(crate) fn release(self) {
        self.held.release(DOWN);
    }
}
