// Commands of aliases: which one is run, its input, and the meaning of its end.
#include "mta/runner/alias_service.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem/fstream.hpp>
#include <catch2/catch.hpp>

#include "mta/system/descriptor.h"
#include "tests/support/temp_folder.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::runner::AliasReply;
using mta::runner::AliasRequest;
using mta::runner::AliasService;
using mta::system::Descriptor;
using Kind = AliasReply::Kind;

struct House {
  explicit House(const std::string& aliases) {
    boost::filesystem::ofstream(file) << aliases;
    ::chmod(file.c_str(), 0644);
  }
  std::string script(const std::string& text) const {
    const auto path = folder.path() / "script";
    boost::filesystem::ofstream(path) << "#!/bin/sh\n" << text;
    ::chmod(path.c_str(), 0755);
    return path.string();
  }
  AliasReply run(const std::string& alias, std::uint32_t number = 1, const std::string& message = "From x\nSubject: y\n\nz\n") const {
    const Descriptor memory(::memfd_create("message", MFD_CLOEXEC));
    REQUIRE(::write(memory.get(), message.data(), message.size()) == static_cast<ssize_t>(message.size()));
    REQUIRE(::lseek(memory.get(), 0, SEEK_SET) == 0);
    const AliasService service({0, file, "nobody", "/", 5s});
    return service.run({{alias, number}, "me@here.example", "list@here.example"}, memory.get(), -1, -1);
  }
  std::string octets(const std::string& name) const {
    boost::filesystem::ifstream in(folder.path() / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  test::TempFolder folder;
  const std::string file = (folder.path() / "aliases").string();
};

bool is_root() { return ::geteuid() == 0; }

}  // namespace

TEST_CASE("alias service: a request and a reply are read back; anything cut, added or with control characters is refused") {
  using namespace mta::runner;
  const AliasRequest request{{"list", 2}, "", "list@here.example"};
  const std::string packet = format_alias_request(request);
  CHECK(parse_alias_request(packet) == request);
  for (std::size_t size = 0; size < packet.size(); ++size) CHECK_FALSE(parse_alias_request(packet.substr(0, size)));
  CHECK_FALSE(parse_alias_request(packet + std::string(1, '\0')));
  CHECK_FALSE(parse_alias_request(format_alias_request({{"a\nb", 1}, "", ""})));
  CHECK_FALSE(parse_alias_request(format_alias_request({{"a", 0}, "", ""})));
  const AliasReply reply{AliasReply::Kind::failed, 67, "why"};
  CHECK(parse_alias_reply(format_alias_reply(reply)) == reply);
  CHECK(parse_alias_reply(format_alias_reply({AliasReply::Kind::deferred, 0, "a\nb"})) == AliasReply{AliasReply::Kind::deferred, 0, "a b"});
  CHECK_FALSE(parse_alias_reply(""));
}

TEST_CASE("alias service: a request with the longest addresses that may be is taken") {
  using namespace mta::runner;
  const std::string label(63, 'd');
  const auto longest = proto::Mailbox::parse(std::string(900, 'u') + "@" + label + "." + label + "." + label + "." + std::string(61, 'd'));
  REQUIRE(longest);
  const AliasRequest request{{std::string(900, 'a'), 2}, longest->to_string(), longest->to_string()};
  CHECK(parse_alias_request(format_alias_request(request)) == request);
}

TEST_CASE("alias service: the command is that of the file, with its words, the message, and little else") {
  if (!is_root()) return;
  House house("other: |/bin/false\nlist: alice, \"|/bin/true\", bob\n");
  const std::string folder = house.folder.path().string();
  const std::string script =
      house.script("cat >" + folder + "/message; env | sort >" + folder + "/env; echo \"$1,$2,$#,$(pwd)\" >" + folder + "/words\n");
  boost::filesystem::ofstream(house.file) << "list: alice, \"|/bin/false\", \"|" << script << " one 'two words'\"\n";
  CHECK(house.run("list", 2) == AliasReply{Kind::delivered, 0, ""});
  CHECK(house.octets("message") == "From x\nSubject: y\n\nz\n");
  CHECK(house.octets("words") == "one,two words,2,/\n");
  const std::string env = house.octets("env");
  for (const char* name : {"SENDER=me@here.example\n", "RECIPIENT=list@here.example\n", "LOCAL=list\n", "USER=nobody\n", "HOME=/\n"})
    CHECK_THAT(env, Catch::Contains(name));
  CHECK(env.find("CATCH") == env.npos);
}

TEST_CASE("alias service: exit status 0 delivers, 75 and what does not end by itself defers, the rest fails with the first line") {
  if (!is_root()) return;
  House house("");
  const auto end = [&house](const std::string& script) {
    boost::filesystem::ofstream(house.file) << "list: \"|" << house.script(script) << "\"\n";
    return house.run("list");
  };
  CHECK(end("exit 0\n").kind == Kind::delivered);
  CHECK(end("exit 75\n").kind == Kind::deferred);
  CHECK(end("kill -9 $$\n").kind == Kind::deferred);
  CHECK(end("exec sleep 100\n").kind == Kind::deferred);
  const AliasReply failed = end("echo; echo nobody here; echo more; exit 67\n");
  CHECK(failed.kind == Kind::failed);
  CHECK(failed.status == 67);
  CHECK_THAT(failed.text, Catch::EndsWith("ended with status 67: nobody here"));
  CHECK_THAT(end("echo trouble >&2; exit 1\n").text, Catch::Contains("ended with status 1: trouble"));
  CHECK(end("head -c 100000 /dev/zero\n").kind == Kind::deferred);
}

TEST_CASE("alias service: what the file does not have, or has from others, is not run") {
  if (!is_root()) return;
  House house("list: alice, \"|/bin/true\"\nshell: \"|/bin/true > /tmp/x\"\n");
  CHECK(house.run("list", 1).kind == Kind::delivered);
  CHECK_THAT(house.run("list", 2).text, Catch::Contains("has no command 2 any more"));
  CHECK_THAT(house.run("alice").text, Catch::Contains("is no alias any more"));
  CHECK_THAT(house.run("shell").text, Catch::Contains("no shell reads the command"));
  ::chmod(house.file.c_str(), 0664);
  CHECK_THAT(house.run("list").text, Catch::Contains("may be written by others"));
  ::chmod(house.file.c_str(), 0644);
  REQUIRE(::chown(house.file.c_str(), 1234, 1234) == 0);
  CHECK_THAT(house.run("list").text, Catch::Contains("does not belong to root"));
  for (const char* alias : {"list", "alice"}) CHECK(house.run(alias, 2).kind == Kind::deferred);
}

}  // namespace mxpress::testing
