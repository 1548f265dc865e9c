// The program mxpress-send.
#pragma once

namespace mxpress::mta::send {

// The whole program; returns its exit code.
int run_send(int count, char** arguments);

}  // namespace mxpress::mta::send
