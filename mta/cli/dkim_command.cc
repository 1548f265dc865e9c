// Keys and records of DKIM.
#include "mta/cli/dkim_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ostream>

#include "mta/config/config.h"
#include "mta/dkim/key_record.h"
#include "mta/routing/signing_keys.h"
#include "mta/system/descriptor.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

ExitCode failed(Streams streams, const std::string& why) {
  streams.error << "mxpress: " << proto::printable(why, 1000) << "\n";
  return ExitCode::failed;
}

// A file that is there is never overwritten: a key that is lost cannot be made again.
Status write_new(const std::string& path, const std::string& text) {
  const auto refused = [&] { return Error::permanent("cannot write " + path + ": " + std::strerror(errno)); };
  const system::Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file.is_open()) return refused();
  const ssize_t written = ::write(file.get(), text.data(), text.size());
  if (written == static_cast<ssize_t>(text.size()) && ::fchmod(file.get(), 0640) == 0 && ::fsync(file.get()) == 0) return {};
  const Error error = refused();
  ::unlink(path.c_str());
  return error;
}

ExitCode make_key(const std::string& path, dkim::KeyKind kind, Streams streams) {
  const auto key = dkim::Key::generate(kind);
  if (!key) return failed(streams, key.error().message);
  if (const Status written = write_new(path, key->pem()); !written) return failed(streams, written.error().message);
  streams.out << path << " has a new " << dkim::name_of(kind) << " key. Next: chown root:mxpress " << path
              << "; name it in [dkim.\"DOMAIN\"] keys; publish what `mxpress dkim records` prints; mxpress reload.\n";
  return ExitCode::ok;
}

ExitCode print_records(const Config& config, Streams streams) {
  for (const auto& [domain, unused] : config.dkim) {
    const auto keys = routing::load_keys_of(config, domain);
    if (!keys) return failed(streams, keys.error().message);
    for (const dkim::SigningKey& one : *keys)
      streams.out << dkim::record_name(one.selector, domain) << ". IN TXT " << dkim::zone_strings(dkim::record_text(one.key.public_key()))
                  << "\n";
  }
  if (const auto ring = routing::load_signing_keys(config); !ring) return failed(streams, ring.error().message);
  if (config.dkim.empty()) return failed(streams, "nothing signs: there is no [dkim.\"DOMAIN\"] in the configuration");
  return ExitCode::ok;
}

}  // namespace

ExitCode run_dkim(const CommandLine& line, const Config& config, Streams streams) {
  if (line.arguments.front() == "records") return print_records(config, streams);
  const bool is_ed25519 = line.arguments.size() == 3;
  return make_key(line.arguments[1], is_ed25519 ? dkim::KeyKind::ed25519 : dkim::KeyKind::rsa, streams);
}

}  // namespace mxpress::mta::cli
