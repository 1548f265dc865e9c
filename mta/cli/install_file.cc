// Installs a file, then reloads.
#include "mta/cli/install_file.h"

#include <ostream>

#include "mta/cli/new_keys.h"
#include "mta/config/config.h"
#include "mta/system/atomic_file.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

ExitCode failed(Streams streams, const std::string& why) {
  streams.error << "mxpress: " << proto::printable(why, 1000) << "\n";
  return ExitCode::failed;
}

}  // namespace

ExitCode install_file(const Config& config, const boost::filesystem::path& target, std::string_view text, Streams streams) {
  if (const Status written = system::replace_file(target, std::string(text), {.mode = 0644}); !written)
    return failed(streams, written.error().message);
  streams.out << "They are in " << proto::printable(target.string(), 1000)
              << " now. To go back to those of mxpress: remove it, then mxpress reload.\n";
  const auto reloaded = reload_daemon(config);
  if (reloaded && !*reloaded) return failed(streams, "mxpressd has not taken them: " + reloaded->error().message);
  if (!reloaded) streams.out << "No daemon runs; it reads them when it starts.\n";
  return ExitCode::ok;
}

}  // namespace mxpress::mta::cli
