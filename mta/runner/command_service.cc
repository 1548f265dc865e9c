// Returns the output of a command of the configuration.
#include "mta/runner/command_service.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "mta/runner/program.h"
#include "mta/runner/protocol.h"
#include "mta/system/descriptor.h"
#include "mta/system/frames.h"
#include "mta/system/log.h"
#include "proto/runner.pb.h"

namespace mxpress::mta::runner {
namespace {

std::string failure(const std::string& words) {
  runner_pb::Response response;
  response.set_version(kVersion);
  response.set_failure(words);
  return response.SerializeAsString();
}

std::string success(CommandOutput output) {
  runner_pb::Response response;
  response.set_version(kVersion);
  response.mutable_output()->set_text(output.text);
  response.mutable_output()->set_errors(output.errors);
  std::string body = response.SerializeAsString();
  ::explicit_bzero(response.mutable_output()->mutable_text()->data(), response.output().text().size());
  ::explicit_bzero(output.text.data(), output.text.size());
  return body;
}

// A file in memory, positioned at its beginning. Not open: errno has the reason.
system::Descriptor file_with(const std::string& text) {
  system::Descriptor file(::memfd_create("input", MFD_CLOEXEC));
  if (!file.is_open() || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return {};
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return {};
  return file;
}

void send(int socket, std::string body, std::chrono::milliseconds patience) {
  system::FrameWriter writer(socket);
  writer.add(body);
  (void)writer.flush(patience);  // a client that has closed needs no reply
  ::explicit_bzero(body.data(), body.size());
}

}  // namespace

void CommandService::refuse(int socket, const std::string& why) const { send(socket, failure(why), {}); }

void CommandService::answer(int socket, int stop) const {
  auto request = system::FrameReader(socket).read(kMaxRequest, kRequestPatience);
  if (request) send(socket, answer_to(*request, socket, stop), kAnswerPatience);
}

std::string CommandService::answer_to(const std::string& request, int socket, int stop) const {
  runner_pb::Request wanted;
  if (!wanted.ParseFromString(request) || wanted.version() != kVersion || wanted.what_case() == runner_pb::Request::WHAT_NOT_SET)
    return failure(
        "the request makes no sense to mxpress-runner: is mxpressd of another version? systemctl restart mxpress-runner mxpress");
  auto command = wanted.has_alert() ? commands_.alert(wanted.alert().text()) : commands_.password_of(wanted.password().credentials());
  if (!command) return failure(command.error().message);
  const system::Descriptor input = command->input.empty() ? system::Descriptor() : file_with(command->input);
  if (!command->input.empty() && !input.is_open()) return failure(std::string("cannot make a file in memory: ") + std::strerror(errno));
  command->program.input = input.get();
  auto output = run_program(command->program, command->limits, {socket, stop});
  LogLine line(output ? Priority::info : Priority::warning, "command");
  line.add("for", command->purpose).add("program", command->program.argv[0]);
  if (!output) line.add("reason", output.error().message);
  log(line);
  return output ? success(std::move(*output)) : failure(output.error().message);
}

}  // namespace mxpress::mta::runner
