// mxpress: shows the queue and acts on it. docs/mxpress.1
#include <csignal>
#include <exception>
#include <iostream>

#include "mta/cli/commands.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // so that `mxpress queue | head` ends silently
  try {
    return static_cast<int>(mxpress::mta::cli::run_mxpress({argv + 1, argv + argc}, {std::cout, std::cerr}));
  } catch (const std::exception& bug) {
    std::cerr << "mxpress: " << bug.what() << "\n";
    return static_cast<int>(mxpress::mta::cli::ExitCode::failed);
  }
}
