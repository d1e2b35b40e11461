//! Finds many words at once in a stream, byte by byte (Aho and Corasick, 1975). Knows nothing of what they are.

use std::collections::VecDeque;

/// Where a search is; the default is its begin.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct State(u32);

/// One beginning of words.
#[derive(Clone, Copy, Default)]
struct Node {
    byte: u8,
    /// How long it is.
    depth: u32,
    /// The longest word that ends here; 0: none does.
    found: u32,
    /// The longest other beginning that ends here.
    fail: u32,
    /// The first beginning that is a byte longer, and the next of this length; 0: none.
    child: u32,
    sibling: u32,
}

pub(super) struct Automaton {
    nodes: Vec<Node>,
    /// What follows on nothing: by far the most steps.
    first: [u32; 256],
}

impl Automaton {
    pub(super) fn of(words: &[Vec<u8>]) -> Self {
        let mut automaton = Self {
            nodes: vec![Node::default()],
            first: [0; 256],
        };
        for word in words {
            automaton.add(word);
        }
        let mut child = automaton.nodes[0].child;
        while child != 0 {
            let node = automaton.nodes[child as usize];
            automaton.first[usize::from(node.byte)] = child;
            child = node.sibling;
        }
        automaton.link();
        automaton
    }

    fn add(&mut self, word: &[u8]) {
        let mut at = 0;
        for byte in word {
            let next = self.child(at, *byte);
            at = if next == 0 {
                self.grow(at, *byte)
            } else {
                next
            };
        }
        let depth = self.nodes[at as usize].depth;
        self.nodes[at as usize].found = depth;
    }

    fn grow(&mut self, at: u32, byte: u8) -> u32 {
        let new = u32::try_from(self.nodes.len()).expect("secrets have a limit");
        let parent = &mut self.nodes[at as usize];
        let node = Node {
            byte,
            depth: parent.depth + 1,
            sibling: std::mem::replace(&mut parent.child, new),
            ..Node::default()
        };
        self.nodes.push(node);
        new
    }

    fn child(&self, at: u32, byte: u8) -> u32 {
        let mut child = self.nodes[at as usize].child;
        while child != 0 && self.nodes[child as usize].byte != byte {
            child = self.nodes[child as usize].sibling;
        }
        child
    }

    /// Shorter beginnings first: each goes on from what its parent fails to.
    fn link(&mut self) {
        let mut open = VecDeque::from([0]);
        while let Some(at) = open.pop_front() {
            let mut child = self.nodes[at as usize].child;
            while child != 0 {
                let node = self.nodes[child as usize];
                let fail = match at {
                    0 => 0,
                    _ => self.follow(self.nodes[at as usize].fail, node.byte),
                };
                let found = node.found.max(self.nodes[fail as usize].found);
                self.nodes[child as usize] = Node {
                    found,
                    fail,
                    ..node
                };
                open.push_back(child);
                child = node.sibling;
            }
        }
    }

    fn follow(&self, mut at: u32, byte: u8) -> u32 {
        while at != 0 {
            match self.child(at, byte) {
                0 => at = self.nodes[at as usize].fail,
                next => return next,
            }
        }
        self.first[usize::from(byte)]
    }

    /// Takes a byte; says how long the longest word is that ends with it, 0 where none does.
    pub(super) fn step(&self, state: &mut State, byte: u8) -> usize {
        state.0 = self.follow(state.0, byte);
        self.nodes[state.0 as usize].found as usize
    }

    /// How many of the last bytes may be the beginning of a word, or are one.
    pub(super) fn depth(&self, state: State) -> usize {
        self.nodes[state.0 as usize].depth as usize
    }
}
