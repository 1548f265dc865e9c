// Runs one program to its end: the only place in mxpress where a configured command becomes a process.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "mta/runner/protocol.h"
#include "proto/result.h"

namespace mxpress::mta::runner {

struct Program {
  std::vector<std::string> argv;         // the first is an absolute path; no shell sees them
  std::vector<std::string> environment;  // "NAME=value", all of it
  int input = -1;                        // its standard input; -1: /dev/null
};

struct ProgramLimits {
  std::chrono::milliseconds time = std::chrono::seconds(30);  // then SIGTERM to its process group
  std::chrono::milliseconds grace = std::chrono::seconds(2);  // then SIGKILL
  std::size_t output = 64 << 10;                              // octets; a program that prints more is ended
  std::size_t errors = 1 << 10;                               // octets that are kept: the last ones
};

// Descriptors that end it early: -1 is none.
struct Interrupts {
  int peer = -1;  // a socket: whoever waits for the output has hung up
  int stop = -1;  // readable: this process is to end
};

struct ProgramEnd {
  int status = -1;      // with which it ended by itself; -1: it did not, or never began
  std::string failure;  // in words, with the end of standard error; empty: it ended with status 0
  CommandOutput output;
};
ProgramEnd run_to_end(const Program& program, const ProgramLimits& limits, const Interrupts& interrupts);

// Both run it with its standard input, no other descriptor than 0, 1 and 2, in / and in a process group of its own, all signals as
// usual. The output is complete when the program itself has ended: children that it leaves in its group are killed then, whatever they hold
// open. This one: an error (transient) where it does not end with status 0; it has the end of standard error. No zombie is left. Blocks.
Result<CommandOutput> run_program(const Program& program, const ProgramLimits& limits, const Interrupts& interrupts);

}  // namespace mxpress::mta::runner
