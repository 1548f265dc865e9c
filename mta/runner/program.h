// Runs one program to its end: the only place in mxpress where a configured command becomes a process.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "mta/runner/protocol.h"
#include "proto/result.h"

namespace mxpress::mta::runner {

struct Program {
  std::vector<std::string> argv;         // the first is an absolute path; no shell is used
  std::vector<std::string> environment;  // "NAME=value"; complete
  int input = -1;                        // its standard input; -1: /dev/null
};

struct ProgramLimits {
  std::chrono::milliseconds time = std::chrono::seconds(30);  // then SIGTERM to its process group
  std::chrono::milliseconds grace = std::chrono::seconds(2);  // then SIGKILL
  std::size_t output = 64 << 10;                              // octets; a program that prints more is ended
  std::size_t errors = 1 << 10;                               // octets that are kept: the last ones
};

// Descriptors that end it early; -1: none.
struct Interrupts {
  int peer = -1;  // a socket: the requester of the output has closed it
  int stop = -1;  // readable: this process is to end
};

struct ProgramEnd {
  int status = -1;      // exit status; -1: it was ended, or never began
  std::string failure;  // in words, with the end of standard error; empty: exit status 0
  CommandOutput output;
};
ProgramEnd run_to_end(const Program& program, const ProgramLimits& limits, const Interrupts& interrupts);

// Both run the program with its standard input, no other descriptor than 0, 1 and 2, in / and in a process group of its own, with default
// signal handling. The output is complete when the program itself has ended: children left in its group are then killed, even if they hold
// it open. run_program(): an error (transient) unless it ends with status 0, with the end of standard error. No zombie is left. Blocks.
Result<CommandOutput> run_program(const Program& program, const ProgramLimits& limits, const Interrupts& interrupts);

}  // namespace mxpress::mta::runner
