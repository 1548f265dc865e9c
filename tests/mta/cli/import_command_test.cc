// mxpress import: its output, the files that it writes, and when it writes nothing.
#include <sys/stat.h>

#include <sstream>

#include "mta/cli/commands.h"
#include "mta/config/config.h"
#include "mta/system/atomic_file.h"
#include "tests/support/host_tree.h"

namespace mxpress::testing {
namespace {

using mta::cli::ExitCode;

// A host with another program's files below old/, and mxpress's own in new/.
struct Host {
  Host() {
    for (const char* const folder : {"new", "old"}) boost::filesystem::create_directory(path(folder));
    write("new/mxpress.toml",
          "user = \"nobody\"\nhostname = \"mx.here.example\"\nsender_domain = \"here.example\"\n[listen]\ncontrol_socket = \"" +
              path("no-socket") + "\"\n");
  }
  std::string path(const std::string& name) const { return (tree.folder.path() / name).string(); }
  void write(const std::string& name, const std::string& text) { tree.write("/" + name, text); }
  std::string read(const std::string& name) const {
    const auto text = mta::system::read_small_file(path(name));
    return text ? *text : "absent";
  }
  ExitCode run(std::vector<std::string> words) {
    words.insert(words.begin(), {"-c", path("new/mxpress.toml"), "import", "--from", path("old")});
    std::ostringstream output, errors;
    const ExitCode code = mta::cli::run_mxpress(words, {output, errors});
    out = output.str();
    error = errors.str();
    return code;
  }

  test::HostTree tree;
  std::string out, error;
};

struct DmaHost : Host {
  DmaHost() {
    write("old/etc/dma/dma.conf",
          "SMARTHOST smtp.example.net\nPORT 587\nAUTHPATH /etc/dma/auth.conf\nSECURETRANSFER\nSTARTTLS\nDEFER\n"
          "MASQUERADE other.example\n");
    write("old/etc/dma/auth.conf", "me|smtp.example.net:secret\n");
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("mxpress import: says what it finds, what has no counterpart and what it would replace, and no password") {
  DmaHost host;
  CHECK(host.run({}) == ExitCode::ok);  // no terminal
  CHECK(has(host.out, "SMARTHOST smtp.example.net"));
  CHECK(has(host.out, "Without a counterpart in mxpress:\n  /etc/dma/dma.conf\n    6  DEFER\n"));
  CHECK(has(host.out, "  * sender_domain takes the place of " + host.path("new/mxpress.toml") + ":3."));
  CHECK(has(host.out, "Nothing was written"));
  CHECK_FALSE(has(host.out + host.error, "secret"));
  CHECK_FALSE(boost::filesystem::exists(host.path("new/conf.d")));
  CHECK(host.run({"--dry-run", "--yes"}) == ExitCode::ok);
  CHECK_FALSE(boost::filesystem::exists(host.path("new/conf.d")));
}

TEST_CASE("mxpress import --yes: writes a configuration that is in force, and the password where few can read it") {
  DmaHost host;
  REQUIRE(host.run({"--yes"}) == ExitCode::ok);
  const auto config = mta::load_config(host.path("new/mxpress.toml"));
  REQUIRE(config.ok());
  CHECK(config->route->next_hops.hosts.at(0).host == "smtp.example.net");
  CHECK(config->sender_domain->text() == "other.example");
  CHECK(config->credentials.at("provider").password_file->string() == host.path("new/provider.password"));
  CHECK(host.read("new/provider.password") == "secret\n");
  struct stat status{};
  REQUIRE(::stat(host.path("new/provider.password").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
}

TEST_CASE("mxpress import: no file is replaced without --force, and none is left alone") {
  DmaHost host;
  host.write("new/provider.password", "mine\n");
  CHECK(host.run({"--yes"}) == ExitCode::failed);
  CHECK(has(host.error, host.path("new/provider.password") + " is there already, and nothing was written: --force replaces it"));
  CHECK(host.read("new/conf.d/60-imported.toml") == "absent");
  CHECK(host.read("new/provider.password") == "mine\n");
  CHECK(host.run({"--yes", "--force"}) == ExitCode::ok);
  CHECK(host.read("new/provider.password") == "secret\n");
  CHECK(host.run({"--yes"}) == ExitCode::failed);
  CHECK(has(host.error, "60-imported.toml is there already"));
}

TEST_CASE("mxpress import: what mxpress would refuse is not written") {
  DmaHost host;
  host.write("old/etc/dma/dma.conf", "SMARTHOST smtp.example.net:587\nPORT 587\nMASQUERADE not@an@address\n");
  CHECK(host.run({"--yes"}) == ExitCode::failed);
  CHECK(has(host.error, "nothing was written, because mxpress would refuse it"));
  CHECK(has(host.error, "60-imported.toml:"));
  CHECK_FALSE(boost::filesystem::exists(host.path("new/conf.d")));
}

TEST_CASE("mxpress import: of several programs one has to be named; without settings there is none") {
  DmaHost host;
  host.write("old/etc/msmtprc", "account default\nhost smtp.example.org\n");
  host.write("old/etc/exim4/update-exim4.conf.conf", "dc_eximconfig_configtype='local'\ndc_other_hostnames='mx.here.example'\n");
  CHECK(host.run({"--yes"}) == ExitCode::usage);
  CHECK(has(host.error, "say which are to be taken: mxpress import dma, mxpress import msmtp\n"));
  CHECK(host.run({"msmtp", "--yes"}) == ExitCode::ok);
  CHECK(has(host.read("new/conf.d/60-imported.toml"), "smtp.example.org"));
  CHECK(host.run({"exim"}) == ExitCode::nothing_matched);
  CHECK(host.run({"postfix"}) == ExitCode::nothing_matched);
  CHECK(has(host.error, "/etc/postfix/main.cf: there is no such file"));
  Host empty;
  CHECK(empty.run({}) == ExitCode::nothing_matched);
  std::ostringstream output, errors;
  CHECK(mta::cli::run_mxpress({"-c", host.path("new/mxpress.toml"), "import", "--from", "/nonexistent"}, {output, errors}) ==
        ExitCode::failed);
  CHECK(errors.str() == "mxpress: --from: /nonexistent is no folder that can be read\n");
  CHECK(host.run({"sendmail"}) == ExitCode::usage);
  CHECK(host.run({"--all"}) == ExitCode::usage);
}

TEST_CASE("mxpress import: a file that cannot be used is named, and a password that was not found is asked for") {
  DmaHost host;
  boost::filesystem::remove(host.path("old/etc/dma/auth.conf"));
  boost::filesystem::create_directory(host.path("old/etc/dma/auth.conf"));
  CHECK(host.run({"--yes"}) == ExitCode::failed);
  CHECK(has(host.error, "/etc/dma/auth.conf is a directory"));
  Host msmtp;
  msmtp.write("old/etc/msmtprc", "account default\nhost h.example\nauth on\ntls on\nuser me\n");
  CHECK(msmtp.run({"--yes"}) == ExitCode::ok);
  CHECK(has(msmtp.out, "No password of me was found: write it to " + msmtp.path("new/provider.password")));
  CHECK(msmtp.read("new/provider.password") == "absent");
}

}  // namespace mxpress::testing
