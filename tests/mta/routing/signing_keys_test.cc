// Signing keys from the configuration, and mail signed by them.
#include "mta/routing/signing_keys.h"

#include <sys/stat.h>

#include <boost/filesystem/fstream.hpp>
#include <catch2/catch.hpp>
#include <map>

#include "mta/config/config.h"
#include "mta/dkim/key_record.h"
#include "tests/support/dkim_keys.h"
#include "tests/support/dkim_verifier.h"
#include "tests/support/simulation.h"
#include "tests/support/temp_folder.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;

std::string make_file(const test::TempFolder& folder, const std::string& name, const std::string& pem, mode_t mode = 0640) {
  const auto path = folder.path() / name;
  boost::filesystem::ofstream(path, std::ios::binary) << pem;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
  return path.string();
}

std::string keys(const std::string& table) { return "[dkim.\"here.example\"]\nkeys = { " + table + " }\n"; }

std::string load_error(const std::string& toml) {
  const auto config = mta::parse_config(toml, "x.toml");
  REQUIRE(config);
  const auto loaded = mta::routing::load_signing_keys(*config);
  return loaded ? "none" : loaded.error().message;
}

// Undoes dot stuffing.
std::string unstuffed(std::string content) {
  for (auto at = content.find("\r\n.."); at != content.npos; at = content.find("\r\n..", at + 3)) content.erase(at + 2, 1);
  return content.ends_with("\r\n.\r\n") ? content.substr(0, content.size() - 3) : content;
}

}  // namespace

TEST_CASE("signing keys: a key that cannot be used is told with its file") {
  const test::TempFolder folder;
  const std::string rsa = make_file(folder, "rsa.pem", rsa_key().pem());
  const auto file = [](const std::string& selector, const std::string& path) { return selector + " = \"" + path + "\""; };
  CHECK(load_error(keys(file("s1", rsa))) == "none");
  CHECK(load_error("") == "none");
  CHECK_THAT(load_error(keys(file("s1", "/nowhere/key.pem"))),
             Catch::Contains("[dkim.\"here.example\"] keys: s1: the key file /nowhere/key.pem cannot be read"));
  CHECK_THAT(load_error(keys(file("s1", make_file(folder, "open.pem", rsa_key().pem(), 0644)))), Catch::Contains("mode 0644"));
  CHECK_THAT(load_error(keys(file("s1", make_file(folder, "curve.pem", pem_of_curve())))), Catch::Contains("curve.pem"));
  CHECK_THAT(load_error(keys(file("s1", make_file(folder, "short.pem", pem_of_rsa(1024))))), Catch::Contains("1024"));
  CHECK_THAT(load_error(keys(file("s1", make_file(folder, "ed.pem", ed25519_key().pem())))), Catch::Contains("RSA"));
  CHECK_THAT(load_error(keys(file("\"a b\"", rsa))), Catch::Contains("the selector is not made of letters"));
  CHECK_THAT(load_error(keys(file("s1", rsa)) + "next = { " + file("s1", rsa) + " }\n"), Catch::Contains("a new key needs a new selector"));
  CHECK_THAT(load_error(keys(file("s1", rsa)) + "next = { " + file("e1", make_file(folder, "ed2.pem", ed25519_key().pem())) + " }\n"),
             Catch::Contains("next: ") && Catch::Contains("RSA"));
  std::string many = file("s0", rsa);
  for (int i = 1; i < 20; ++i) many += ", " + file("s" + std::to_string(i), rsa);
  CHECK_THAT(load_error(keys(many)), Catch::Contains("more than four"));
}

TEST_CASE("signing: mail of an author of the domain, of other authors and notices leave with both signatures, for old hosts too") {
  const test::TempFolder folder;
  const std::string table =
      "r1 = \"" + make_file(folder, "rsa.pem", rsa_key().pem()) + "\", e1 = \"" + make_file(folder, "ed.pem", ed25519_key().pem()) + "\"";
  Simulation world("sender_domain = \"here.example\"\n" + keys(table));
  SimulatedHost there;
  world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
  world.host("192.0.2.1:25", there);
  there.rcpt = [](const std::string& recipient) { return recipient.find("gone") == recipient.npos ? "250 ok" : "550 5.1.1 no such user"; };
  world.text = "Subject: gr\xC3\xBC\xC3\x9F\r\n\r\n.hello\r\n";
  world.submit("me@here.example", {"you@there.example"});
  world.submit("boss@there.example", {"gone@there.example"});  // a notice goes to its sender
  REQUIRE(world.run_until([&] { return there.received.size() == 2 && world.queued() == 0; }, 60s));
  const std::map<std::string, mta::dkim::PublicKey> published = {{"r1._domainkey.here.example", rsa_key().public_key()},
                                                                 {"e1._domainkey.here.example", ed25519_key().public_key()}};
  for (const SimulatedMail& mail : there.received) {
    const auto seen = verify_all(unstuffed(mail.content), published);
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].tags.at("a") == "rsa-sha256");
    CHECK(seen[1].tags.at("a") == "ed25519-sha256");
    for (const SeenSignature& signature : seen) CHECK(signature.is_good);
  }
}

TEST_CASE("signing: a reload with other keys signs with them, and without keys signs nothing") {
  const test::TempFolder folder;
  const std::string rsa = make_file(folder, "rsa.pem", rsa_key().pem());
  const std::string sender = "sender_domain = \"here.example\"\n";
  Simulation world(sender + keys("old = \"" + rsa + "\""));
  SimulatedHost there;
  world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
  world.host("192.0.2.1:25", there);
  const auto send = [&] {
    const std::size_t before = there.received.size();
    world.submit("me@here.example", {"you@there.example"});
    REQUIRE(world.run_until([&] { return there.received.size() > before; }, 10s));
    return there.received.back().content;
  };
  CHECK_THAT(send(), Catch::Contains("s=old;"));
  world.reload(sender + keys("new = \"" + rsa + "\""));
  CHECK_THAT(send(), Catch::Contains("s=new;") && !Catch::Contains("s=old;"));
  world.reload(sender);
  CHECK_THAT(send(), !Catch::Contains("DKIM-Signature"));
}

}  // namespace mxpress::testing
