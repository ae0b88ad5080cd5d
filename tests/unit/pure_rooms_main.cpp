// Links the pure rooms with nothing else: see tests/unit/CMakeLists.txt.
int main() {
    return 0;
}
