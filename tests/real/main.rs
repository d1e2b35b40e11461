//! The whole program on real engines: those that `RUNENV_TEST_ENGINES` names.
