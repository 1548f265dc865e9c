// Handles the visit of a browser.
#include "mta/oauth/redirect.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>

#include "proto/ascii.h"
#include "proto/form.h"
#include "proto/printable.h"

namespace mxpress::mta::oauth {
namespace {

constexpr std::size_t kMaxRequest = 16 * 1024, kMaxTyped = 16 * 1024;  // octets
constexpr std::chrono::seconds kPatience{2};  // for a visitor's whole request: browsers connect in advance, and then send nothing

Error failed(const std::string& what) { return Error::permanent("cannot " + what + ": " + std::strerror(errno)); }

std::string_view query_of(std::string_view address) {
  const auto mark = address.find('?');
  return mark == address.npos ? std::string_view() : address.substr(mark + 1, address.find_first_of("# \t\r\n", mark) - mark - 1);
}

using SteadyTime = std::chrono::steady_clock::time_point;

bool wait_for_input(int visitor, SteadyTime end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  pollfd source{visitor, POLLIN, 0};
  return left.count() > 0 && ::poll(&source, 1, static_cast<int>(left.count())) > 0;
}

// The header of a request; empty if it is not complete by `end`.
std::string read_request(int visitor, SteadyTime end) {
  std::string request;
  char buffer[4096];
  while (request.size() < kMaxRequest && request.find("\r\n\r\n") == request.npos && wait_for_input(visitor, end)) {
    const ssize_t count = ::recv(visitor, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count <= 0) break;
    request.append(buffer, static_cast<std::size_t>(count));
  }
  return request.find("\r\n\r\n") == request.npos ? std::string() : request;
}

void answer(int visitor, std::string_view status, std::string_view words) {
  const std::string page = "<!doctype html><title>mxpress</title><p>" + std::string(words) + "</p>\n";
  const std::string text = "HTTP/1.1 " + std::string(status) +
                           "\r\nContent-Type: text/html\r\nContent-Length: " + std::to_string(page.size()) +
                           "\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n" + page;
  (void)!::send(visitor, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);  // it fits into the buffer of a socket
}

// Reads lines from a terminal or a pipe.
class TypedLines {
 public:
  explicit TypedLines(int from) : from_(from) {}
  // Negative: no more lines come.
  int descriptor() const { return from_; }
  // Does not wait if there is something to read.
  void read() {
    char buffer[4096];
    const ssize_t count = ::read(from_, buffer, sizeof buffer);
    if (count <= 0 || text_.size() > kMaxTyped) from_ = -1;
    if (count > 0) text_.append(buffer, static_cast<std::size_t>(count));
  }
  // The next complete line, if there is one.
  std::optional<std::string> take() {
    const auto end = text_.find('\n');
    if (end == text_.npos) return std::nullopt;
    std::string line = text_.substr(0, end);
    text_.erase(0, end + 1);
    return line;
  }

 private:
  int from_;
  std::string text_;
};

}  // namespace

Redirect redirect_in(std::string_view query, std::string_view state) {
  Redirect redirect;
  redirect.is_ours = proto::form_value(query, "state") == std::string(state);
  if (!redirect.is_ours) return redirect;
  redirect.code = auth::Secret(proto::form_value(query, "code").value_or(""));
  if (!redirect.code.empty()) return redirect;
  redirect.refusal = proto::printable(proto::form_value(query, "error").value_or("no code"), 100);
  const std::string words = proto::printable(proto::form_value(query, "error_description").value_or(""), 300);
  if (!words.empty()) redirect.refusal += ": " + words;
  return redirect;
}

Result<RedirectListener> RedirectListener::open() {
  system::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  if (!socket.is_open() || ::bind(socket.get(), name, size) != 0 || ::listen(socket.get(), 8) != 0 ||
      ::getsockname(socket.get(), name, &size) != 0)
    return failed("listen on 127.0.0.1");
  return RedirectListener(std::move(socket), ntohs(address.sin_port));
}

Result<auth::Secret> RedirectListener::wait(const std::string& state, int typed, Duration at_most) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  TypedLines lines(typed);
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd sources[] = {{socket_.get(), POLLIN, 0}, {lines.descriptor(), POLLIN, 0}};
    const int ready = left.count() > 0 ? ::poll(sources, 2, static_cast<int>(left.count())) : 0;
    if (ready == 0) return Error::permanent("nobody has come back from the provider's page in time");
    if (ready < 0 && errno != EINTR) return failed("wait for the browser");
    Redirect redirect;
    if (sources[0].revents != 0) redirect = serve(state);
    if (sources[1].revents != 0) lines.read();
    for (auto line = lines.take(); line && !redirect.is_ours; line = lines.take()) redirect = redirect_in(query_of(*line), state);
    if (!redirect.is_ours) continue;
    if (redirect.code.empty()) return Error::permanent("the provider refuses: " + redirect.refusal);
    return redirect.code;
  }
}

Redirect RedirectListener::serve(const std::string& state) const {
  const system::Descriptor visitor(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!visitor.is_open()) return {};
  const std::string request = read_request(visitor.get(), std::chrono::steady_clock::now() + kPatience);
  const std::string_view line = std::string_view(request).substr(0, request.find("\r\n"));
  Redirect redirect;
  if (line.starts_with("GET /?")) redirect = redirect_in(query_of(line), state);
  if (!redirect.is_ours)
    answer(visitor.get(), "404 Not Found", "This is not the page that mxpress waits for.");
  else if (redirect.code.empty())
    answer(visitor.get(), "200 OK", "The provider did not let mxpress in. Go back to the terminal.");
  else
    answer(visitor.get(), "200 OK", "mxpress goes on. You may close this page.");
  return redirect;
}

}  // namespace mxpress::mta::oauth
