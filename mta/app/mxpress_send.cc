// mxpress-send: composes a message, and hands it in. docs/mxpress-send.1
#include <cstdio>
#include <exception>

#include "mta/send/program.h"
#include "proto/sysexits.h"

int main(int count, char** arguments) {
  try {
    return mxpress::mta::send::run_send(count, arguments);
  } catch (const std::exception& bug) {
    std::fprintf(stderr, "mxpress send: %s\n", bug.what());
    return static_cast<int>(mxpress::proto::ExitCode::software);
  }
}
