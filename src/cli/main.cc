#include "cli/command.h"

int main(int argc, char** argv) { return shoehorn::cli::Main(argc, argv); }
