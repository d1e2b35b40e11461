# shellcheck shell=sh disable=SC2086,SC2154,SC2317,SC2329
# nix-env(1), nix-instantiate(1). A name is an attribute of nixpkgs: `gmp`, `python3Packages.numpy`.

update() {
  nix-channel --update
}

missing() {
  nix-instantiate --eval --strict --json --argstr names "$(printf '%s\n' "$@")" --expr '
    { names }:
    let
      pkgs = import <nixpkgs> { };
      there = name: pkgs.lib.hasAttrByPath (pkgs.lib.splitString "." name) pkgs;
    in
    builtins.filter (name: !(there name)) (pkgs.lib.splitString "\n" names)
  ' | tr -d '[]"' | tr ',' '\n'
}

install() {
  nix-env -f '<nixpkgs>' -i $options -A "$@"
}

clean() {
  nix-collect-garbage -d
}

# nix-env knows what is installed by the names of packages, not of attributes.
installed() {
  nix-instantiate --eval --strict --json --argstr names "$(printf '%s\n' "$@")" \
    --argstr there "$(nix-env -q)" --expr '
    { names, there }:
    let
      pkgs = import <nixpkgs> { };
      lines = pkgs.lib.splitString "\n";
      package = name: pkgs.lib.attrByPath (pkgs.lib.splitString "." name) { name = ""; } pkgs;
    in
    builtins.filter (name: builtins.elem (package name).name (lines there)) (lines names)
  ' | tr -d '[]"' | tr ',' '\n'
}
