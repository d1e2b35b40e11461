//! What a container sees of the host: mounts and secrets, their texts made final, and how they are told.

use super::fill::Scope;
use super::setting::Setting;
use crate::config::Spanned;
use crate::config::file::Text;
use crate::config::file::shape::{Annotation, Mount, Secret, SecretFile};
use crate::problem::Problem;

/// Substitutes in every text of the mounts.
pub(super) fn fill_mounts(
    scope: &Scope<'_>,
    mounts: &[Setting<Mount>],
) -> Result<Vec<Setting<Mount>>, Problem> {
    let fill = |s: &Setting<Mount>| {
        let Mount {
            cache,
            host,
            at,
            read_only,
        } = &s.value;
        let text = |text: &Text| filled(scope, text, s);
        let mount = Mount {
            cache: cache.as_ref().map(text).transpose()?,
            host: host.as_ref().map(text).transpose()?,
            at: text(at)?,
            read_only: *read_only,
        };
        Ok(s.with(mount))
    };
    mounts.iter().map(fill).collect()
}

/// Substitutes in the paths of secrets; names stand as they are.
pub(super) fn fill_secrets(
    scope: &Scope<'_>,
    secrets: &[Setting<Secret>],
) -> Result<Vec<Setting<Secret>>, Problem> {
    let fill = |s: &Setting<Secret>| {
        let secret = match &s.value {
            Secret::Variable(name) => Secret::Variable(name.clone()),
            Secret::File(SecretFile { file, r#as }) => Secret::File(SecretFile {
                file: filled(scope, file, s)?,
                r#as: r#as.clone(),
            }),
        };
        Ok(s.with(secret))
    };
    secrets.iter().map(fill).collect()
}

fn filled<T>(scope: &Scope<'_>, text: &Text, of: &Setting<T>) -> Result<Text, Problem> {
    let value = scope.text(text.get_ref(), of.place())?;
    Ok(Spanned::new(text.span(), value))
}

/// `cache:ccache at /root/.ccache`, `/data at /data, read-only`.
pub(crate) fn mount_text(mount: &Mount) -> String {
    let Mount {
        cache,
        host,
        at,
        read_only,
    } = mount;
    let what = match (cache, host) {
        (Some(cache), _) => format!("cache:{}", cache.get_ref()),
        (None, Some(host)) => host.get_ref().clone(),
        (None, None) => String::new(),
    };
    let only = if *read_only { ", read-only" } else { "" };
    format!("{what} at {}{only}", at.get_ref())
}

/// The name of the variable, and the file that it comes from; never a value.
pub(crate) fn secret_text(secret: &Secret) -> String {
    match secret {
        Secret::Variable(name) => name.clone(),
        Secret::File(SecretFile { file, r#as }) => {
            format!("{} from {}", r#as.get_ref(), file.get_ref())
        }
    }
}

/// `error: ^configure: error: (.*)`.
pub(super) fn annotation_text(rule: &Annotation) -> String {
    let Annotation { r#match, level } = rule;
    format!("{}: {}", level.get_ref(), r#match.get_ref())
}
