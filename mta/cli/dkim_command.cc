// Keys and records for DKIM.
#include "mta/cli/dkim_command.h"

#include <map>
#include <ostream>

#include "mta/cli/key_rotation.h"
#include "mta/cli/new_keys.h"
#include "mta/config/config.h"
#include "mta/dkim/key_record.h"
#include "mta/routing/signing_keys.h"
#include "mta/system/atomic_file.h"
#include "proto/control.pb.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

ExitCode failed(Streams streams, const std::string& why) {
  streams.error << "mxpress: " << proto::printable(why, 1000) << "\n";
  return ExitCode::failed;
}

ExitCode make_key(const std::string& path, dkim::KeyKind kind, Streams streams) {
  const auto key = dkim::Key::generate(kind);
  if (!key) return failed(streams, key.error().message);
  // An existing file is never overwritten: a lost key cannot be made again.
  if (const Status made = system::create_file(path, key->pem(), {.mode = 0640}); !made) return failed(streams, made.error().message);
  streams.out << path << " has a new " << dkim::name_of(kind) << " key. Next: chown root:mxpress " << path
              << "; name it in [dkim.\"DOMAIN\"] keys; publish what `mxpress dkim records` prints; mxpress reload.\n";
  return ExitCode::ok;
}

// The daemon's state of each key, by the name of its record. Empty without a daemon.
std::map<std::string, std::string> states_of(const Config& config) {
  std::map<std::string, std::string> states;
  const control_pb::StatusInfo status = ask_for_keys(config);
  for (const control_pb::SigningKey& key : status.signing_key())
    states[key.record()] = key.state() + (key.why().empty() ? "" : ": " + key.why());
  return states;
}

ExitCode print_records(const Config& config, Streams streams) {
  const auto keys = routing::load_signing_keys(config);
  if (!keys) return failed(streams, keys.error().message);
  if (keys->domains.empty()) return failed(streams, "nothing signs: there is no [dkim.\"DOMAIN\"] in the configuration");
  const auto states = states_of(config);
  for (const routing::DomainKeys& domain : keys->domains) {
    for (const auto* list : {&domain.keys, &domain.next}) {
      for (const dkim::SigningKey& one : *list) {
        const std::string name = dkim::record_name(one.selector, domain.domain);
        streams.out << name << ". IN TXT " << dkim::zone_strings(dkim::record_text(one.key.public_key())) << "\n";
        if (const auto state = states.find(name); state != states.end())
          streams.out << "; " << proto::printable(state->second, 500) << "\n";
      }
    }
  }
  return ExitCode::ok;
}

}  // namespace

ExitCode run_dkim(const CommandLine& line, const boost::filesystem::path& file, const Config& config, Streams streams) {
  if (line.arguments.front() == "records") return print_records(config, streams);
  if (line.arguments.front() == "rotate") return run_rotation(line.arguments[1], file, config, streams);
  const bool is_ed25519 = line.arguments.size() == 3;
  return make_key(line.arguments[1], is_ed25519 ? dkim::KeyKind::ed25519 : dkim::KeyKind::rsa, streams);
}

}  // namespace mxpress::mta::cli
