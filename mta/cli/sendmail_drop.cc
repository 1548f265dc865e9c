// Leaves a message in the drop folder: a private file that gets its name when it is complete and synced.
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "mta/cli/sendmail_outlet.h"
#include "proto/mail_data.h"

namespace mxpress::mta::cli {
namespace {

using proto::ExitCode;

constexpr mode_t kMode = 0640;  // the folder's group (it is setgid) reads

// 128 random bits as 32 hexadecimal digits; empty if the system has none.
std::string random_name() {
  unsigned char bits[16];
  if (::getrandom(bits, sizeof bits, 0) != sizeof bits) return {};
  constexpr char kDigits[] = "0123456789abcdef";
  std::string name;
  for (const unsigned char octet : bits) {
    name += kDigits[octet >> 4];
    name += kDigits[octet & 15];
  }
  return name;
}

class DropFile final : public Outlet {
 public:
  DropFile(std::string directory, std::string name) : directory_(std::move(directory)), path_(directory_ + "/" + name) {}
  ~DropFile() override;

  ExitStatus open();
  ExitStatus begin(const std::vector<std::string>& commands) override;
  ExitStatus send(std::string_view bytes) override;
  ExitStatus finish() override;
  std::string place() const override;
  std::string queue_id() const override { return {}; }
  std::optional<std::uint64_t> limit() override { return proto::kMaxDropFile; }

 private:
  std::string part() const { return path_ + ".part"; }
  ExitStatus failed(const char* what) const;
  ExitStatus take_back();

  const std::string directory_;
  const std::string path_;
  int file_ = -1;
  std::uint64_t size_ = 0;
  bool is_named_ = false;
};

DropFile::~DropFile() {
  if (file_ < 0) return;
  ::close(file_);
  if (!is_named_) ::unlink(part().c_str());
}

ExitStatus DropFile::failed(const char* what) const {
  return {ExitCode::try_later, std::string("mxpressd is not running, and the message cannot wait for it: cannot ") + what + " " +
                                   directory_ + ": " + std::strerror(errno) + "; start mxpressd, and try again"};
}

ExitStatus DropFile::open() {
  file_ = ::open(part().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kMode);
  if (file_ < 0) return failed("create a file in");
  ::fchmod(file_, kMode);  // ignores the umask
  return {};
}

ExitStatus DropFile::begin(const std::vector<std::string>& commands) {
  std::string all;
  for (const std::string& command : commands) all += command;
  return send(all);
}

ExitStatus DropFile::send(std::string_view bytes) {
  size_ += bytes.size();
  if (size_ > proto::kMaxDropFile) return {ExitCode::data, "mxpressd is not running, and the message is too big to wait for it"};
  while (!bytes.empty()) {
    const ssize_t size = ::write(file_, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failed("write to");
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return {};
}

ExitStatus DropFile::finish() {
  if (::fsync(file_) != 0) return failed("write to");
  if (::rename(part().c_str(), path_.c_str()) != 0) return failed("name the file in");
  is_named_ = true;
  // Only the daemon may read the folder, and a folder that cannot be opened cannot be synced by itself.
  return ::syncfs(file_) == 0 ? ExitStatus() : take_back();
}

// The queue id is not known before the daemon takes it.
std::string DropFile::place() const { return "left in " + directory_ + " until mxpressd takes it, and gives it a queue id"; }

// A message reported as refused must not be sent. If the file is gone already, mxpressd is running now and has the message.
ExitStatus DropFile::take_back() {
  ExitStatus status = failed("sync");
  return ::unlink(path_.c_str()) != 0 && errno == ENOENT ? ExitStatus() : status;
}

}  // namespace

OpenedOutlet open_drop(const std::string& directory) {
  const std::string name = random_name();
  if (name.empty()) return {nullptr, {ExitCode::system, "the system gives no random numbers"}, false};
  auto file = std::make_unique<DropFile>(directory, name);
  ExitStatus status = file->open();
  if (!status.ok()) return {nullptr, std::move(status), false};
  return {std::move(file), {}, false};
}

}  // namespace mxpress::mta::cli
