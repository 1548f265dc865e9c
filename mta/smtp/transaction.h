// One transaction of the client's side: MAIL, RCPT, DATA, content, dot, and the handling of each reply. RFC 5321 3.3, RFC 2920.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mta/content/pipeline.h"
#include "mta/smtp/client.h"

namespace mxpress::proto {
struct Reply;
}

namespace mxpress::mta::smtp {

class ClientChannel;
class EnvelopeCommands;
class HostReporter;
struct EnvelopeCommand;
enum class ContentEnd;

// Used once. All that it refers to must outlive it.
class ClientTransaction {
 public:
  ClientTransaction(ClientChannel& channel, const dns::Target& target, const ClientOptions& options, const proto::Extensions& extensions,
                    Transaction transaction);
  ~ClientTransaction();

  // Sends RSET first: the previous transaction was not ended by its dot.
  void reset_first() { reset_first_ = true; }
  Task<TransactionResult> run();
  // True if MAIL was accepted and no dot has ended the transaction.
  bool is_begun() const { return begun_; }

 private:
  HostReporter reporter() const;
  content::HostNeeds needs() const;
  bool takes_stored_content();
  Task<bool> prepare_content();
  bool is_too_large();
  Task<void> envelope_dialogue();
  Task<bool> exchange(std::string_view lines, std::span<const EnvelopeCommand> group);

  void take(const EnvelopeCommand& command, const proto::Reply& reply);
  void take_mail(const proto::Reply& reply);
  void take_rcpt(std::size_t recipient, const proto::Reply& reply);
  void take_data(const proto::Reply& reply);

  Task<void> content();
  Task<void> only_dot();
  Task<void> take_reply_for_each();
  void take_dot_reply(const Result<proto::Reply>& reply);
  Task<void> content_stopped(ContentEnd end, Error error);

  void keep(std::size_t recipient, proto::Outcome outcome, const proto::HostResult& why);
  void decide(std::size_t recipient, proto::Outcome outcome, const proto::HostResult& why);
  void decide_all(proto::Outcome outcome, const proto::HostResult& why);
  void decide_accepted(const proto::Reply& reply, proto::Stage stage);
  void maybe_delivered(proto::HostResult why);
  Task<void> confirm_refused_data();
  void lose_step(proto::Stage stage, const proto::Reply& reply);
  void give_up_host(const proto::HostResult& why);

  ClientChannel& channel_;
  const dns::Target& target_;
  const ClientOptions& options_;
  const proto::Extensions& extensions_;
  Transaction transaction_;
  content::Prepared content_;  // the content to send
  TransactionResult result_;
  std::vector<std::size_t> accepted_;  // by RCPT, and not decided since
  bool reset_first_ = false;
  bool begun_ = false;
  bool stopped_ = false;                        // send no further command of this transaction, and ignore its replies
  bool host_is_full_ = false;                   // it accepts no more recipients in this transaction
  bool data_open_ = false;                      // 354: the host waits for content
  std::unique_ptr<proto::Reply> refused_data_;  // 5xx to DATA with accepted recipients, not confirmed yet
};

}  // namespace mxpress::mta::smtp
