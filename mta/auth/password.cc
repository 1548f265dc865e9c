// Reads passwords.
#include "mta/auth/password.h"

#include <cstdlib>
#include <utility>

#include "mta/net/client_certificate.h"
#include "mta/system/private_file.h"

namespace mxpress::mta::auth {
namespace {

constexpr std::string_view kFile = "the password file", kCertificate = "the certificate file";

Result<FetchedSecret> fetched(Result<Secret> secret) {
  return secret ? Result<FetchedSecret>({std::move(*secret)}) : Result<FetchedSecret>(secret.error());
}

class FileSource final : public LoginSource {
 public:
  explicit FileSource(std::string path) : path_(std::move(path)) {}
  Result<FetchedSecret> fetch(const std::stop_token&) override { return fetched(read_secret(path_)); }
  bool is_immediate() const override { return true; }

 private:
  const std::string path_;
};

class CertificateSource final : public LoginSource {
 public:
  explicit CertificateSource(std::string path) : path_(std::move(path)) {}
  Result<FetchedSecret> fetch(const std::stop_token&) override {
    auto text = system::read_private_file(path_, kCertificate);
    if (!text) return text.error();
    Secret secret(*text);
    wipe(*text);
    if (const auto certificate = net::ClientCertificate::parse(secret.reveal()); !certificate)
      return Error::permanent(std::string(kCertificate) + " " + path_ + " cannot be used: " + certificate.error().message);
    return FetchedSecret{std::move(secret)};
  }
  bool is_immediate() const override { return true; }

 private:
  const std::string path_;
};

class SystemdSource final : public LoginSource {
 public:
  explicit SystemdSource(std::string name) : name_(std::move(name)) {}
  Result<FetchedSecret> fetch(const std::stop_token&) override {
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder && name_.find('/') == name_.npos) return fetched(read_secret(std::string(folder) + "/" + name_));
    return Error::permanent("there is no credential " + name_ + " of systemd: add LoadCredential=" + name_ +
                            ":/path/of/the/password to the service (systemctl edit mxpress), and restart it");
  }
  bool is_immediate() const override { return true; }

 private:
  const std::string name_;
};

}  // namespace

Result<Secret> password_in(std::string& text, const std::string& origin) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  Secret secret(text);
  const bool has_lines = text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos;
  wipe(text);
  if (secret.empty()) return Error::permanent(origin + " is empty: it must have the password, in one line");
  if (has_lines) return Error::permanent(origin + " has more than one line: it must have the password alone");
  return secret;
}

Result<Secret> read_secret(const std::string& path) {
  auto text = system::read_private_file(path, kFile);
  return text ? password_in(*text, std::string(kFile) + " " + path) : Result<Secret>(text.error());
}

std::unique_ptr<LoginSource> file_source(std::string path) { return std::make_unique<FileSource>(std::move(path)); }

std::unique_ptr<LoginSource> certificate_source(std::string path) { return std::make_unique<CertificateSource>(std::move(path)); }

std::unique_ptr<LoginSource> systemd_source(std::string name) { return std::make_unique<SystemdSource>(std::move(name)); }

}  // namespace mxpress::mta::auth
