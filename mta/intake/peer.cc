// Reads peer credentials and /proc; all data from there is bounded and cleaned.
#include "mta/intake/peer.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <set>
#include <sstream>

#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::mta::intake {
namespace {

constexpr std::size_t kMaxName = 100;
constexpr int kMaxParents = 6;  // looked at for one submission; each costs two small files of /proc

std::string read_file(const std::string& path, std::size_t max) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  std::string text(max, '\0');
  std::size_t size = 0;
  ssize_t got = 0;
  while (size < max && (got = ::read(descriptor, text.data() + size, max - size)) > 0) size += static_cast<std::size_t>(got);
  ::close(descriptor);
  text.resize(size);
  return text;
}

std::string process_name(std::string_view pid) {
  const std::string name = read_file("/proc/" + std::string(pid) + "/comm", 64);
  return proto::printable(proto::trimmed(name), kMaxName);
}

// Programs that start sendmail for another: shells between a program and sendmail, and sendmail itself, are skipped.
bool is_go_between(std::string_view name) {
  for (const std::string_view known : {"sendmail", "mailq", "sh", "dash", "bash", "ash", "busybox", "ksh", "zsh"})
    if (name == known) return true;
  return false;
}

// The parent process; 0 if /proc does not tell. proc(5): "pid (comm) state ppid ...", and comm may contain anything.
long parent_of(long pid) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat", 512);
  const auto end = text.rfind(") ");
  if (end == std::string::npos || end + 4 >= text.size()) return 0;
  return std::strtol(text.c_str() + end + 4, nullptr, 10);
}

// The program that submits the mail: the first one, from the process upwards, that is not a go-between.
std::string calling_program(long pid) {
  std::string name = process_name(std::to_string(pid));
  for (int step = 0; step < kMaxParents && is_go_between(name); ++step) {
    pid = parent_of(pid);
    if (pid <= 1) break;
    const std::string above = process_name(std::to_string(pid));
    if (above.empty()) break;
    name = above;
  }
  return name;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Inodes of the sockets that listen on the port, from /proc/net/tcp or tcp6.
void add_listening_inodes(const char* table, std::uint16_t port, std::set<std::string>& inodes) {
  std::istringstream lines(read_file(table, 4u << 20));
  std::string line;
  std::getline(lines, line);  // the heading
  constexpr std::string_view kListening = "0A";
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string number, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> number >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    const auto colon = local.rfind(':');
    if (state != kListening || colon == std::string::npos) continue;
    if (std::strtoul(local.c_str() + colon + 1, nullptr, 16) == port) inodes.insert("socket:[" + inode + "]");
  }
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

bool holds_one_of(const std::string& pid, const std::set<std::string>& sockets) {
  const std::string folder = "/proc/" + pid + "/fd/";
  const Directory directory(::opendir(folder.c_str()));
  if (!directory) return false;
  while (const dirent* entry = ::readdir(directory.get())) {
    char target[64];
    const ssize_t size = ::readlink((folder + entry->d_name).c_str(), target, sizeof target);
    if (size > 0 && sockets.contains(std::string(target, static_cast<std::size_t>(size)))) return true;
  }
  return false;
}

}  // namespace

std::string unit_of_cgroup(std::string_view cgroup) {
  std::string unit;
  std::size_t from = 0;
  while (from < cgroup.size()) {
    const std::size_t end = std::min(cgroup.find_first_of("/\n", from), cgroup.size());
    const std::string_view part = cgroup.substr(from, end - from);
    if (ends_with(part, ".service") || ends_with(part, ".scope")) unit = proto::printable(part, kMaxName);
    from = end + 1;
  }
  return unit;
}

void claim_program_and_unit(proto::Submitter& submitter) {
  if (submitter.pid <= 0) return;
  const std::string pid = std::to_string(submitter.pid);
  submitter.program = calling_program(submitter.pid);
  submitter.unit = unit_of_cgroup(read_file("/proc/" + pid + "/cgroup", 4096));
}

Result<proto::Submitter> peer_of_unix_socket(int descriptor) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return Error::transient(std::string("cannot read the peer's credentials: ") + std::strerror(errno));
  }
  proto::Submitter submitter;
  submitter.uid = credentials.uid;
  submitter.pid = credentials.pid;
  claim_program_and_unit(submitter);
  return submitter;
}

std::string listener_of_port(std::uint16_t port) {
  std::set<std::string> sockets;
  add_listening_inodes("/proc/net/tcp", port, sockets);
  add_listening_inodes("/proc/net/tcp6", port, sockets);
  const Directory processes(::opendir("/proc"));
  if (!processes || sockets.empty()) return {};
  while (const dirent* entry = ::readdir(processes.get())) {
    const std::string pid = entry->d_name;
    if (pid.find_first_not_of("0123456789") != std::string::npos || !holds_one_of(pid, sockets)) continue;
    return process_name(pid) + " (pid " + pid + ")";
  }
  return {};
}

}  // namespace mxpress::mta::intake
