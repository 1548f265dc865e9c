// bench-load source: submits messages by SMTP over many sessions, on one thread.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <memory>

#include "tests/bench/letter.h"
#include "tests/bench/load.h"

namespace mxpress::bench {

namespace {

enum class Phase { greeting, hello, envelope, content, quit };

struct Plan {
  explicit Plan(const Options& options)
      : to(options.text("to")),
        messages(options.number("messages")),
        per_connection(options.number("per-connection")),
        recipients(options.number("recipients")),
        first(options.number("first")),
        tell(options.number("tell")),
        interval(static_cast<Nanoseconds>(options.number("interval")) * 1000),
        pipelines(options.text("pipeline") == "yes"),
        letters(options.number("size"), options.text("domains"), "\r\n") {}
  std::string to;
  std::size_t messages, per_connection, recipients, first, tell;
  Nanoseconds interval;
  bool pipelines;
  Letters letters;
};

struct Tally {
  std::size_t begun = 0, accepted = 0, refused = 0, broken = 0;
  std::vector<Nanoseconds> times;
  [[nodiscard]] std::size_t ended() const { return accepted + refused + broken; }
};

class Session {
 public:
  Session(const Plan& plan, Tally& tally, Poll& poll) : plan_(plan), tally_(tally), poll_(poll) {}

  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

  // True if a message is left to begin.
  void open() {
    letter_begun_ = now();
    number_ = tally_.begun++;
    descriptor_ = start_connecting(plan_.to);
    poll_.add(descriptor_, EPOLLIN, this);
    phase_ = Phase::greeting;
    awaited_ = 1;
    on_connection_ = 1;
    input_.clear();
    output_.clear();
    sent_ = 0;
    waits_for_room_ = false;
    has_message_ = true;
  }

  void on_event(std::uint32_t events) {
    if ((events & EPOLLOUT) != 0 && !flush()) return;
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read();
  }

 private:
  void read() {
    char buffer[4096];
    const auto count = ::recv(descriptor_, buffer, sizeof buffer, 0);
    if (count <= 0) {
      if (count == 0 || errno != EAGAIN) close();
      return;
    }
    input_.append(buffer, static_cast<std::size_t>(count));
    std::size_t begin = 0;
    for (auto end = input_.find('\n'); is_open() && end != input_.npos; end = input_.find('\n', begin)) {
      take_line(std::string_view(input_).substr(begin, end - begin));
      begin = end + 1;
    }
    input_.erase(0, begin);
  }

  void take_line(std::string_view line) {
    if (line.size() > 3 && line[3] == '-') return;
    if (line.empty() || line[0] > '3') return refuse(line);
    if (phase_ == Phase::content && has_message_) accept();  // the first reply after the content is its own
    if (--awaited_ == 0) advance();
  }

  void refuse(std::string_view line) {
    std::fprintf(stderr, "refused: %.*s\n", static_cast<int>(line.size()), line.data());
    ++tally_.refused;
    has_message_ = false;
    close();
  }

  void accept() {
    has_message_ = false;
    ++tally_.accepted;
    tally_.times.push_back(now() - letter_begun_);
    if (plan_.tell != 0 && tally_.accepted % plan_.tell == 0) {
      std::printf(R"({"accepted":%zu,"at":%lld})"
                  "\n",
                  tally_.accepted, static_cast<long long>(now()));
    }
  }

  void advance() {
    switch (phase_) {
      case Phase::greeting:
        return say(Phase::hello, "EHLO source.example\r\n", 1);
      case Phase::hello:
        make_envelope();
        return send_envelope();
      case Phase::envelope:
        return envelope_.empty() ? send_content() : send_envelope();
      case Phase::content:
        return next_message();
      case Phase::quit:
        return close();
    }
  }

  void make_envelope() {
    const auto number = plan_.first + number_;
    envelope_ = {std::string("MAIL FROM:<") + kSender + ">\r\n"};
    for (std::size_t i = 0; i < plan_.recipients; ++i) envelope_.push_back("RCPT TO:<" + plan_.letters.recipient(number, i) + ">\r\n");
    envelope_.push_back("DATA\r\n");
  }

  // Sends everything if pipelining is allowed, else the next command.
  void send_envelope() {
    std::string commands;
    std::size_t count = 0;
    do {
      commands += envelope_.front();
      envelope_.pop_front();
      ++count;
    } while (plan_.pipelines && !envelope_.empty());
    say(Phase::envelope, std::move(commands), count);
  }

  void send_content() {
    auto content = plan_.letters.content(plan_.first + number_, letter_begun_) + ".\r\n";
    const bool is_last = !goes_on();
    if (plan_.pipelines && is_last) content += "QUIT\r\n";
    quit_is_sent_ = plan_.pipelines && is_last;
    say(Phase::content, std::move(content), quit_is_sent_ ? 2 : 1);
  }

  [[nodiscard]] bool goes_on() const { return on_connection_ < plan_.per_connection && tally_.begun < plan_.messages; }

  void next_message() {
    if (quit_is_sent_) return close();
    if (!goes_on()) return say(Phase::quit, "QUIT\r\n", 1);
    ++on_connection_;
    letter_begun_ = now();
    number_ = tally_.begun++;
    has_message_ = true;
    make_envelope();
    send_envelope();
  }

  void say(Phase phase, std::string text, std::size_t replies) {
    phase_ = phase;
    awaited_ = replies;
    output_ = std::move(text);
    sent_ = 0;
    flush();
  }

  // False: the connection is lost.
  bool flush() {
    if (sent_ == output_.size()) return true;
    const auto count = ::send(descriptor_, output_.data() + sent_, output_.size() - sent_, 0);
    if (count < 0 && errno != EAGAIN) {
      close();
      return false;
    }
    sent_ += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    wait_for_room(sent_ < output_.size());
    return true;
  }

  void wait_for_room(bool wanted) {
    if (wanted != waits_for_room_) poll_.change(descriptor_, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN, this);
    waits_for_room_ = wanted;
  }

  void close() {
    if (has_message_) ++tally_.broken;
    has_message_ = false;
    ::close(descriptor_);
    descriptor_ = -1;
  }

  const Plan& plan_;
  Tally& tally_;
  Poll& poll_;
  int descriptor_ = -1;
  Phase phase_ = Phase::greeting;
  std::size_t awaited_ = 0, on_connection_ = 0, number_ = 0, sent_ = 0;
  Nanoseconds letter_begun_ = 0;
  bool has_message_ = false, quit_is_sent_ = false, waits_for_room_ = false;
  std::string input_, output_;
  std::deque<std::string> envelope_;
};

class Source {
 public:
  Source(const Plan& plan, std::size_t sessions) : plan_(plan) {
    for (std::size_t i = 0; i < sessions; ++i) sessions_.push_back(std::make_unique<Session>(plan_, tally_, poll_));
  }

  void run() {
    start_ = due_ = now();
    while (tally_.ended() < plan_.messages || std::any_of(sessions_.begin(), sessions_.end(), [](auto& one) { return one->is_open(); })) {
      const auto wait = open_due();
      for (const auto& event : poll_.wait(wait)) static_cast<Session*>(event.data.ptr)->on_event(event.events);
    }
    report();
  }

 private:
  // The number of milliseconds until a session must be opened.
  int open_due() {
    for (auto& session : sessions_) {
      if (session->is_open() || tally_.begun == plan_.messages) continue;
      if (now() < due_) return static_cast<int>((due_ - now()) / 1'000'000);
      session->open();
      due_ += plan_.interval;
    }
    return tally_.ended() < plan_.messages ? 1000 : 10;
  }

  void report() const {
    std::printf(R"({"start":%lld,"end":%lld,"accepted":%zu,"refused":%zu,"broken":%zu,"accept_ms":%s})"
                "\n",
                static_cast<long long>(start_), static_cast<long long>(now()), tally_.accepted, tally_.refused, tally_.broken,
                describe(tally_.times).c_str());
  }

  const Plan& plan_;
  Poll poll_;
  Tally tally_;
  std::vector<std::unique_ptr<Session>> sessions_;
  Nanoseconds start_ = 0, due_ = 0;
};

}  // namespace

int run_source(const Options& options) {
  const Plan plan(options);
  Source(plan, std::min(options.number("sessions"), plan.messages)).run();
  return 0;
}

}  // namespace mxpress::bench
