// The paths at which sendmail reaches the daemon. They are read without a TOML library, because sendmail starts once per message.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::mta::cli {

struct SendmailSettings {
  std::string config_file;  // named by an option or MXPRESS_CONFIG; empty: the default one
  std::string submission_socket = "/run/mxpress/submission";
  std::string spool_directory = "/var/spool/mxpress";

  std::string drop_directory() const { return spool_directory + "/drop"; }
};

// Reads `submission_socket` of [listen] and `directory` of [spool], written as `key = "value"` on lines of their own; skips other
// lines.
void read_settings(std::string_view toml, SendmailSettings& settings);

// Reads the file `named`, else the one in MXPRESS_CONFIG (by secure_getenv), else /etc/mxpress/mxpress.toml, and then conf.d/*.toml beside
// it. A file that cannot be read changes nothing.
SendmailSettings find_settings(const std::string& named = {});

}  // namespace mxpress::mta::cli
