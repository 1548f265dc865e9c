// Asks the kernel for one socket by its two addresses.
#include "mta/intake/socket_owner.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace mxpress::mta::intake {
namespace {

struct Question {
  nlmsghdr header;
  inet_diag_req_v2 request;
};

Question question_for(const TcpEnd& client, const TcpEnd& server, std::uint32_t sequence) {
  Question question{};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.header.nlmsg_seq = sequence;
  inet_diag_req_v2& request = question.request;
  request.sdiag_family = client.address.is_v6 ? AF_INET6 : AF_INET;
  request.sdiag_protocol = IPPROTO_TCP;
  request.idiag_states = ~0u;
  request.id.idiag_sport = htons(client.port);
  request.id.idiag_dport = htons(server.port);
  std::memcpy(request.id.idiag_src, client.address.bytes.data(), sizeof request.id.idiag_src);
  std::memcpy(request.id.idiag_dst, server.address.bytes.data(), sizeof request.id.idiag_dst);
  request.id.idiag_cookie[0] = request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return question;
}

// If no connection matches, the kernel answers with a listener at the client's port.
bool is_the_connection(const inet_diag_msg& found, const Question& question) {
  return found.idiag_state != TCP_LISTEN && found.id.idiag_sport == question.request.id.idiag_sport &&
         found.id.idiag_dport == question.request.id.idiag_dport;
}

// If the client has closed, the inode is 0, and the uid has no meaning.
SocketOwners::Found read(const inet_diag_msg& found) {
  if (found.idiag_inode == 0 || found.idiag_state == TCP_TIME_WAIT) return {std::nullopt, true};
  return {std::int64_t{found.idiag_uid}, false};
}

}  // namespace

SocketOwners::SocketOwners() : netlink_(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG)) {}

SocketOwners::Found SocketOwners::find(const TcpEnd& client, const TcpEnd& server) {
  if (!netlink_.is_open() || client.address.is_v6 != server.address.is_v6) return {};
  const Question question = question_for(client, server, ++sequence_);
  if (::send(netlink_.get(), &question, sizeof question, 0) != static_cast<ssize_t>(sizeof question)) return {};
  alignas(nlmsghdr) char buffer[4096];
  for (ssize_t size; (size = ::recv(netlink_.get(), buffer, sizeof buffer, 0)) > 0;) {
    nlmsghdr header;
    inet_diag_msg found;
    if (size < static_cast<ssize_t>(sizeof header)) continue;
    std::memcpy(&header, buffer, sizeof header);
    if (header.nlmsg_seq != sequence_) continue;  // an answer to an earlier question
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || size < static_cast<ssize_t>(NLMSG_LENGTH(sizeof found))) return {};
    std::memcpy(&found, buffer + NLMSG_HDRLEN, sizeof found);
    return is_the_connection(found, question) ? read(found) : Found();
  }
  return {};
}

}  // namespace mxpress::mta::intake
