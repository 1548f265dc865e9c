// Fuzzes the control socket: any request of an ordinary user is answered with one End, shows and changes only that user's mail, and the
// output of mxpress for any answer cannot steer a terminal.
#include <sys/socket.h>
#include <unistd.h>

#include <sstream>

#include "mta/cli/print.h"
#include "mta/control/service.h"
#include "mta/control/wire.h"
#include "proto/control.pb.h"
#include "tests/fuzz/expect.h"
#include "tests/support/fake_control.h"

using namespace mxpress;
using namespace mxpress::mta;
using mxpress::testing::at;
using mxpress::testing::FakeControl;
using mxpress::testing::make_message;

namespace {

constexpr uid_t kAlice = 1001;

bool is_of_alice(const std::string& id) { return id == queue::QueueId{1}.to_string() || id == queue::QueueId{2}.to_string(); }

void fill(FakeControl& backend) {
  backend.settings.spool_directory = "/nonexistent";
  backend.settings.hostname = "here.example";
  for (const std::uint64_t id : {1, 2})
    backend.add(make_message(id, kAlice, "alice@here.example", "bob@there.example", "Subject: a\r\n\r\n"));
  for (const std::uint64_t id : {3, 4})
    backend.add(make_message(id, 1002, "bob@here.example", "alice@there.example", "Subject: b\r\n\r\n"));
}

void expect_clean(const std::ostringstream& out) {
  std::string text = out.str();
  std::replace(text.begin(), text.end(), '\n', ' ');
  expect(is_plain(text));
}

void check_printed(const control_pb::Response& response) {
  std::ostringstream out;
  const cli::Unlisted unlisted{response.end().waiting(), response.end().dropped(), response.end().text()};
  cli::MailqPrinter mailq(out);
  mailq.message(response.message());
  mailq.end(unlisted);
  cli::print_message_line(out, response.message(), control::Conditions(control_pb::Selector()), at(1000));
  cli::print_story(out, response.message(), at(1000));
  cli::print_destinations(out, {response.destination()}, unlisted, at(1000));
  cli::print_end_of_messages(out, 0, unlisted);
  cli::print_status(out, response.status(), at(1000));
  expect_clean(out);
}

void check_answer(const control_pb::Request& request) {
  FakeControl backend;
  fill(backend);
  int ends = 0;
  control::answer_control(request, {kAlice, false}, backend, at(1000), [&](const control_pb::Response& response) {
    expect(ends == 0);
    ends += response.has_end();
    if (response.has_message()) expect(is_of_alice(response.message().id()));
    if (response.has_effect()) expect(is_of_alice(response.effect().id()));
    if (response.has_content()) expect(response.content().find("Subject: b") == std::string::npos);
    check_printed(response);
    return true;
  });
  expect(ends == 1);
  for (const FakeControl::Acted& acted : backend.acted())
    for (const queue::QueueId id : acted.ids) expect(is_of_alice(id.to_string()));
}

// Checks a frame of the socket, with its length.
void check_frame(std::string_view bytes) {
  int ends[2];
  if (bytes.size() > 60'000 || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
  expect(::write(ends[0], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  ::close(ends[0]);
  const auto frame = control::FrameReader(ends[1]).read(control::kMaxRequest, std::chrono::seconds(10));
  if (frame) expect(frame->size() + 4 <= bytes.size() && bytes.substr(4).starts_with(*frame));
  ::close(ends[1]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = text_of(data, size);
  control_pb::Request request;
  if (request.ParseFromArray(data, static_cast<int>(size))) check_answer(request);
  control_pb::Response response;
  if (response.ParseFromArray(data, static_cast<int>(size))) check_printed(response);
  check_frame(bytes);
  return 0;
}
