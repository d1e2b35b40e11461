//! How much removing images really frees: layers that an image that stays has are not freed, those that several have are
//! freed once.

use std::collections::BTreeMap;

use crate::engine::facts::Image;

/// For each of the images that go, what it adds to those before it, fewer layers first. As good as the engine tells: it
/// says the size of images, not of layers.
pub(crate) fn freed(go: &[&Image], stay: &[Image]) -> Vec<u64> {
    let mut sizes: BTreeMap<&[String], u64> = BTreeMap::new();
    for image in stay.iter().chain(go.iter().copied()) {
        sizes.insert(image.layers(), image.size);
    }
    let mut order: Vec<usize> = (0..go.len()).collect();
    order.sort_by_key(|at| go[*at].layers().len());
    let mut counted: Vec<&[String]> = stay.iter().map(Image::layers).collect();
    let mut all = vec![0; go.len()];
    for at in order {
        let layers = go[at].layers();
        let common = |other: &&[String]| {
            layers
                .iter()
                .zip(*other)
                .take_while(|(a, b)| a == b)
                .count()
        };
        let there = counted.iter().map(common).max().unwrap_or_default();
        if there < layers.len() {
            let mut below = (0..=there).rev();
            let known = below.find_map(|depth| sizes.get(&layers[..depth]));
            all[at] = go[at]
                .size
                .saturating_sub(known.copied().unwrap_or_default());
        }
        counted.push(layers);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(layers: &str, size: u64) -> Image {
        let layers: Vec<String> = layers.chars().map(String::from).collect();
        let json = serde_json::json!({
            "Id": "x", "RootFS": { "Layers": layers }, "Config": null, "Size": size
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn shared_layers_are_freed_once_and_only_if_nobody_stays_with_them() {
        let (base, theirs) = (image("a", 100), image("abx", 115));
        let (one, two, other) = (image("ab", 110), image("abc", 117), image("ad", 103));
        let go = [&two, &one, &other, &one];
        assert_eq!(freed(&go, std::slice::from_ref(&base)), [7, 10, 3, 0]);
        assert_eq!(freed(&go, &[base, theirs]), [7, 0, 3, 0], "theirs has `ab`");
        assert_eq!(
            freed(&go, &[]),
            [7, 110, 103, 0],
            "the size of `a` alone is not known"
        );
    }
}
