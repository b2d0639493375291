// What a program needs that has all its libraries inside (scripts/build-static.sh defines BLOCKFUSE_STATIC); else this
// target is empty. There is nothing to call: the linker takes what is defined here in the place of the libraries' own.
