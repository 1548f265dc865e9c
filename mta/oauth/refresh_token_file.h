// Where the refresh token of a [credentials.NAME] is: STATE/oauth/NAME, mode 0600.
#pragma once

#include <boost/filesystem/path.hpp>
#include <string>

#include "mta/auth/secret.h"
#include "mta/system/descriptor.h"
#include "proto/result.h"

namespace mxpress::mta::oauth {

// Reads and writes the disk. A provider may take a refresh token once only, so whoever asks with it, or replaces it, holds it meanwhile.
class RefreshTokenFile {
 public:
  RefreshTokenFile(const boost::filesystem::path& state_directory, const std::string& name);

  // Waits while another process or thread holds it; until the descriptor is closed. Makes the folder, 0700. The Error also tells that
  // nothing could be written there.
  Result<system::Descriptor> hold() const;
  // The Error is permanent, and says what to do, where there is none.
  Result<auth::Secret> read() const;
  // Durable when it returns; after an Error the old one is as it was.
  Status write(const auth::Secret& token) const;
  const boost::filesystem::path& path() const { return file_; }

 private:
  const std::string name_;
  const boost::filesystem::path file_;
};

}  // namespace mxpress::mta::oauth
