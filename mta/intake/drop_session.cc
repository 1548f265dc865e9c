// An SMTP session over a file.
#include "mta/intake/drop_session.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "mta/config/config.h"
#include "mta/net/stream.h"
#include "mta/smtp/server_session.h"
#include "mta/system/log.h"

namespace mxpress::mta::intake {
namespace {

using smtp::Refusal;
using smtp::ServerReply;

// The limits for messages of sendmail are DropFolder's, VerdictSink's and Incoming's: a message over one is returned to its sender.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 50;

// sendmail writes recipients with A-labels. Other programs may write this many octets outside ASCII, which cost the thread of all files at
// most some 100 ms.
constexpr std::uint64_t kMaxInternational = 256 * 1024;

constexpr proto::EnhancedStatus kTooMany{5, 5, 3};
constexpr int kNoMessage = 500;  // the reply to text that is not SMTP, which sendmail never writes

class FileStream final : public net::Stream {
 public:
  FileStream(system::Descriptor file, std::uint64_t size, Status& failure) : file_(std::move(file)), left_(size), failure_(failure) {}

  void set_deadline(BootTime) override {}
  Task<Result<std::size_t>> read_some(char* buffer, std::size_t size) override {
    ssize_t count;
    do count = ::read(file_.get(), buffer, std::min<std::uint64_t>(size, left_));
    while (count < 0 && errno == EINTR);
    if (count < 0) {
      failure_ = Error::transient(std::strerror(errno));
      co_return failure_.error();
    }
    left_ -= static_cast<std::uint64_t>(count);
    co_return static_cast<std::size_t>(count);
  }
  Task<Status> write(std::string_view) override { co_return Status(); }  // replies are not read
  Task<Status> start_tls_client(std::string, net::TlsOffer) override { co_return Error::permanent("a file has no TLS"); }
  const net::TlsState& tls() const override { return tls_; }
  bool has_input() override { return true; }
  void close() override {}

 private:
  system::Descriptor file_;
  std::uint64_t left_;
  Status& failure_;
  net::TlsState tls_;
};

// Passes everything on, and keeps the verdict on the first message; a second one is refused: a drop file is remembered as one message.
class VerdictSink final : public smtp::MailSink {
 public:
  VerdictSink(Submission& next, std::uint64_t size, std::size_t most, const std::atomic<bool>* is_ending)
      : next_(next), size_(size), max_recipients_(most), is_ending_(is_ending) {}
  Refusal keep_refused(Refusal refusal);
  const ServerReply verdict() const {
    if (accepted_) return *accepted_;
    return refusal_.value_or(ServerReply{kNoMessage, proto::EnhancedStatus{5, 5, 2}, "No complete message"});
  }

  void hello(std::string name, smtp::Greeting greeting) override { next_.hello(std::move(name), greeting); }
  Refusal begin(const proto::ReversePath& sender, std::uint64_t) override { return next_.begin(sender, size_); }
  std::optional<Task<void>> prepare(const proto::Recipient& recipient) override {
    return recipients_ < max_recipients_ && !ends() ? next_.prepare(recipient) : std::nullopt;
  }
  Refusal recipient(const proto::Recipient& recipient) override;
  std::variant<std::unique_ptr<smtp::IncomingMessage>, ServerReply> open(proto::Envelope envelope) override;
  void refused(std::string_view what, const ServerReply& reply) override {
    if (std::exchange(is_known_, false)) return;
    if (!refusal_) refusal_ = reply;
    next_.refused(what, reply);
  }
  void finished(const ServerReply& reply) {
    if (reply.is_positive()) accepted_ = reply;
  }

 private:
  bool ends() const { return is_ending_ && *is_ending_; }

  Submission& next_;
  const std::uint64_t size_;  // of the file: larger than the message
  const std::size_t max_recipients_;
  const std::atomic<bool>* const is_ending_;
  std::size_t recipients_ = 0;
  bool is_known_ = false;  // while a recipient is refused that needs no line in the log
  bool opened_ = false;
  std::optional<ServerReply> accepted_, refusal_;
};

class WatchedMessage final : public smtp::IncomingMessage {
 public:
  WatchedMessage(std::unique_ptr<smtp::IncomingMessage> message, VerdictSink& sink) : message_(std::move(message)), sink_(sink) {}
  Refusal append(std::string_view content) override { return message_->append(content); }
  Task<ServerReply> finish() override {
    ServerReply reply = co_await message_->finish();
    sink_.finished(reply);
    co_return reply;
  }

 private:
  std::unique_ptr<smtp::IncomingMessage> message_;
  VerdictSink& sink_;
};

// Nobody reads the reply: the message goes to its sender, with the first refusal.
Refusal VerdictSink::keep_refused(Refusal refusal) {
  if (!refusal || refusal->code / 100 != 5) return refusal;
  refusal->text += "; the message was sent to nobody";
  next_.return_next(std::move(*refusal));
  return std::nullopt;
}

// Recipients over the limit are counted, not kept: the message is sent to nobody, and its sender is notified.
Refusal VerdictSink::recipient(const proto::Recipient& recipient) {
  if (ends()) {
    is_known_ = true;
    return refusal_ = ServerReply{451, proto::EnhancedStatus{4, 3, 2}, "mxpressd is ending"};
  }
  if (++recipients_ <= max_recipients_) return keep_refused(next_.recipient(recipient));
  is_known_ = true;
  return ServerReply{452, kTooMany, "Too many recipients"};
}

std::variant<std::unique_ptr<smtp::IncomingMessage>, ServerReply> VerdictSink::open(proto::Envelope envelope) {
  if (refusal_) return *refusal_;  // for a recipient: all of them, or none
  if (opened_) return ServerReply{503, proto::EnhancedStatus{5, 5, 1}, "One message for each drop file"};
  if (recipients_ > max_recipients_) {
    const std::string words =
        std::to_string(recipients_) + " recipients are too many, and none of them was sent the message; the limit is ";
    next_.return_next({552, kTooMany, words + std::to_string(max_recipients_)});
  }
  auto opened = next_.open(std::move(envelope));
  if (auto* message = std::get_if<0>(&opened)) {
    opened_ = true;
    return std::make_unique<WatchedMessage>(std::move(*message), *this);
  }
  return opened;
}

// A bug costs this round, not the daemon: the file stays.
ServerReply after_bug(std::exception_ptr bug) {
  log_bug("drop folder", bug);
  return {451, proto::EnhancedStatus{4, 3, 0}, "A bug, see the log"};
}

}  // namespace

bool is_no_message(const ServerReply& verdict) { return verdict.code == kNoMessage; }

Task<DropVerdict> take_drop_file(Context& context, system::Descriptor file, std::uint64_t size, Entrance entrance,
                                 const std::atomic<bool>* is_ending) {
  auto options = server_options(*context.config.get(), entrance.completion);
  if (!options.ok()) co_return DropVerdict{{451, proto::EnhancedStatus{4, 3, 5}, options.error().message}};
  options->max_message_size = kNoLimit;
  const auto max_recipients = std::exchange(options->max_recipients, kNoLimit);  // VerdictSink enforces it
  options->max_international = kMaxInternational;
  options->max_refused = 0;  // replies are not read
  Submission submission(context, std::move(entrance));
  VerdictSink sink(submission, size, max_recipients, is_ending);
  Status failure;
  smtp::ServerSession session(std::make_unique<FileStream>(std::move(file), size, failure), sink,
                              std::make_shared<const smtp::ServerProfile>(std::move(*options)));
  std::exception_ptr bug;
  try {
    co_await session.run();
  } catch (...) {
    bug = std::current_exception();
  }
  if (bug) co_return DropVerdict{after_bug(bug), session.work()};
  if (!failure && !sink.verdict().is_positive())
    co_return DropVerdict{{451, proto::EnhancedStatus{4, 3, 0}, "Cannot be read: " + failure.error().message}, session.work()};
  co_return DropVerdict{sink.verdict(), session.work()};
}

}  // namespace mxpress::mta::intake
