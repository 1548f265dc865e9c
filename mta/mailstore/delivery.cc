// Returns the user's ~/.forward, or delivers.
#include "mta/mailstore/delivery.h"

#include <utility>

#include "mta/mailstore/forward_file.h"
#include "mta/mailstore/maildir.h"
#include "mta/mailstore/mbox.h"

namespace mxpress::mta::mailstore {
namespace {

Reply deferred(const Error& error) { return {Reply::Kind::deferred, error.message}; }

// Nothing is read from root's home: another user writes root's mail.
bool has_home(const Account& user) { return user.uid != 0; }

Status deliver(const Request& request, const Account& user, const std::string& folder, int content) {
  const Mail mail{content, request.offset, request.size, request.sender, request.recipient, request.id, request.time};
  bool is_maildir = request.format == Format::maildir;
  if (request.format == Format::automatic && has_home(user)) {
    const auto has_one = has_maildir(user.home);
    if (!has_one) return has_one.error();
    is_maildir = *has_one;
  }
  if (is_maildir && has_home(user)) return deliver_to_maildir(user.home, mail);
  return append_to_mbox({folder, user.name, user.uid}, mail);
}

}  // namespace

Reply deliver_as_user(const Request& request, const Account& user, const std::string& folder, int content) {
  std::string remark;
  if (request.forwarding != Forwarding::nothing && has_home(user)) {
    auto forward = read_forward(user.home, user.uid);
    if (!forward) return deferred(forward.error());
    if (!forward->text.empty()) return {Reply::Kind::forward, std::move(forward->text), user.uid};
    remark = std::move(forward->refused);
  }
  if (request.forwarding == Forwarding::alone) return {Reply::Kind::no_forward, std::move(remark)};
  const Status status = deliver(request, user, folder, content);
  return status ? Reply{Reply::Kind::delivered, std::move(remark)} : deferred(status.error());
}

}  // namespace mxpress::mta::mailstore
