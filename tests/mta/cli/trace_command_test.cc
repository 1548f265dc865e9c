// mxpress trace: what it prints of a message.
#include <boost/asio/io_context.hpp>
#include <boost/filesystem/operations.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <thread>

#include "mta/cli/commands.h"
#include "tests/support/dns_server.h"
#include "tests/support/received_forms.h"
#include "tests/support/temp_folder.h"

namespace mxpress::testing {
namespace {

using mta::cli::ExitCode;

struct TraceRun {
  ExitCode code = ExitCode::ok;
  std::string out, error;
};

class Letter {
 public:
  explicit Letter(const std::string& text) { std::ofstream(path(), std::ios::binary) << text; }
  const boost::filesystem::path& folder() const { return folder_.path(); }
  std::string path() const { return (folder_.path() / "letter.eml").string(); }
  TraceRun trace(std::vector<std::string> words = {}) const {
    words.insert(words.begin(), {"trace", path()});
    std::ostringstream out, error;
    const ExitCode code = mta::cli::run_mxpress(words, {out, error});
    return {code, out.str(), error.str()};
  }

 private:
  test::TempFolder folder_;
};

const std::string kHonest = R"(Return-Path: <alice@sender.example>
Received: from out.sender.example (out.sender.example [192.0.2.1])
	by mx.here.example (Postfix) with ESMTPS id 4F1B2
	for <bob@here.example>; Tue,  1 Dec 2020 10:00:05 +0000 (UTC)
Received: from [10.0.0.7] (unknown [10.0.0.7])
	by out.sender.example (Postfix) with ESMTPSA id 7A1B2; Tue,  1 Dec 2020 10:00:02 +0000 (UTC)
Subject: hello

Received: from nowhere by body.example; Tue, 1 Dec 2020 09:00:00 +0000
)";

}  // namespace

TEST_CASE("mxpress trace: prints each hop, the oldest first, and nothing of the body") {
  const TraceRun run = Letter(kHonest).trace();
  CHECK(run.code == ExitCode::ok);
  CHECK(run.error.empty());
  CHECK(run.out ==
        "2 hops, the oldest first; no doubts\n\n"
        "Hop 1: Tue, 01 Dec 2020 10:00:02 +0000 (anybody may have written this)\n"
        "  from [10.0.0.7] (10.0.0.7)\n"
        "  by   out.sender.example, ESMTPSA, TLS, id 7A1B2\n\n"
        "Hop 2: Tue, 01 Dec 2020 10:00:05 +0000, +3 s (own host: here it came in)\n"
        "  from out.sender.example (192.0.2.1)\n"
        "  by   mx.here.example, ESMTPS, TLS, id 4F1B2, for bob@here.example\n\n"
        "Sender: <alice@sender.example>\n");
}

TEST_CASE("mxpress trace: a doubt is a line of its hop and an exit code") {
  std::string text = kHonest;
  text.replace(text.find("(out.sender.example [192"), 24, "(host66.bulk.test [192");
  const TraceRun run = Letter(text).trace();
  CHECK(run.code == ExitCode::nothing_matched);
  CHECK_THAT(run.out, Catch::Contains("; 1 doubt\n") &&
                          Catch::Contains("\n  ! false-name: The client calls itself out.sender.example, but its address 192.0.2.1 has the "
                                          "name host66.bulk.test.\n"));
}

TEST_CASE("mxpress trace: JSON has the same") {
  const TraceRun run = Letter(kHonest).trace({"--json"});
  const auto object = boost::json::parse(run.out).as_object();
  CHECK(object.at("doubts") == 0);
  CHECK(object.at("sender") == "alice@sender.example");
  CHECK(object.at("spf").is_null());
  const auto& hops = object.at("hops").as_array();
  REQUIRE(hops.size() == 2);
  const auto& hop = hops[1].as_object();
  CHECK((hop.at("client") == "192.0.2.1" && hop.at("by") == "mx.here.example" && hop.at("author") == "entry"));
  CHECK((hop.at("delay") == 3 && hop.at("time") == 1606816805 && hop.at("protocol") == "ESMTPS"));
  CHECK(hops[0].as_object().at("delay").is_null());
}

TEST_CASE("mxpress trace: --own names the hosts to believe") {
  CHECK_THAT(Letter(kHonest).trace({"--own", "here.example,sender.example"}).out, Catch::Contains("+3 s (own host)\n"));
  CHECK_THAT(Letter(kHonest).trace({"--own", "192.0.2.0/24"}).out, Catch::Contains("+3 s (own host)\n"));
  CHECK_THAT(Letter(kHonest).trace({"--own", "other.example"}).out, Catch::Contains("+3 s (own host: here it came in)\n"));
}

TEST_CASE("mxpress trace: --dns asks the configured name servers for names and SPF") {
  asio::io_context io(1);
  DnsServer dns(io.get_executor());
  dns.zone("").add("out.sender.example", "A", "192.0.2.1").add("sender.example", "TXT", "v=spf1 ip4:192.0.2.1 -all");
  dns.add("bank.example", "TXT", "v=spf1 -all exp=why.bank.example").add("why.bank.example", "TXT", "%{i} is not ours");
  std::thread server([&] { io.run(); });
  std::string text = kHonest;
  text.replace(text.find("(out.sender.example [192"), 24, "(unknown [192");
  const auto with_dns = [&](const std::string& header) {
    const Letter letter(header);
    const std::string config = (letter.folder() / "mxpress.toml").string();
    std::ofstream(config) << "hostname = \"mx.here.example\"\n[dns]\nservers = [\"127.0.0.1:" << dns.port() << "\"]\n";
    return letter.trace({"--dns", "-c", config});
  };
  CHECK(Letter(text).trace().code == ExitCode::nothing_matched);
  const TraceRun good = with_dns(text);
  const TraceRun bad = with_dns("Return-Path: <info@bank.example>\n" + text);
  asio::post(io, [&] { io.stop(); });
  server.join();
  CHECK(good.code == ExitCode::ok);
  CHECK_THAT(good.out, Catch::Contains("SPF now: pass for alice@sender.example from 192.0.2.1, by \"ip4:192.0.2.1\" of sender.example\n"));
  CHECK(bad.code == ExitCode::nothing_matched);
  CHECK_THAT(bad.out, Catch::Contains("SPF now: fail for info@bank.example from 192.0.2.1, by \"-all\" of bank.example; the domain says: "
                                      "192.0.2.1 is not ours\n"));
}

TEST_CASE("mxpress trace: --dns verifies signatures, over the whole body, and says whose they are") {
  const std::string signed_fields =
      "From: Joe SixPack <joe@football.example.com>\nTo: Suzie Q <suzie@shopping.example.net>\n"
      "Subject: Is dinner ready?\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n"
      "Message-ID: <20030712040037.46341.5F8J@football.example.com>\n\nHi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n";
  const std::string signature =
      "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n d=football.example.com; i=@football.example.com;\n"
      " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n subject : date : message-id : from : subject : date;\n"
      " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
      " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\n";
  const std::string received =
      "Received: from out.sender.example (out.sender.example [192.0.2.1])\n\tby mx.here.example (Postfix) with ESMTPS "
      "id 4F1B2; Tue,  1 Dec 2020 10:00:05 +0000 (UTC)\n";
  asio::io_context io(1);
  DnsServer dns(io.get_executor());
  dns.zone("").add("brisbane._domainkey.football.example.com", "TXT", "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  std::thread server([&] { io.run(); });
  const auto with_dns = [&](const std::string& text, std::vector<std::string> words = {}) {
    const Letter letter(text);
    const std::string config = (letter.folder() / "mxpress.toml").string();
    std::ofstream(config) << "hostname = \"mx.here.example\"\n[dns]\nservers = [\"127.0.0.1:" << dns.port() << "\"]\n";
    words.insert(words.end(), {"--dns", "-c", config});
    return letter.trace(words).out;
  };
  const std::string good = with_dns(received + signature + signed_fields);
  const std::string changed = with_dns(received + signature + signed_fields + "P.S.\n", {"--json"});
  const std::string none = with_dns(received + signed_fields);
  asio::post(io, [&] { io.stop(); });
  server.join();
  CHECK_THAT(good, Catch::Contains("DKIM now: pass for football.example.com, the domain of From, selector brisbane\n"));
  const auto object = boost::json::parse(changed).as_object();
  const auto& one = object.at("dkim").as_array().at(0).as_object();
  CHECK(one.at("result") == "fail");
  CHECK(one.at("problem") == "the body has been changed");
  CHECK_THAT(none, Catch::Contains("DKIM now: the message has no signature\n"));
}

TEST_CASE("mxpress trace: reads no more than the header of a message of any size") {
  const Letter letter(kHonest);
  boost::filesystem::resize_file(letter.path(), std::uintmax_t{1} << 36);  // a hole of 64 GiB
  CHECK(letter.trace().out == Letter(kHonest).trace().out);
}

TEST_CASE("mxpress trace: a header without end is cut, and what was read is told") {
  std::string text = kHonest.substr(0, kHonest.find("Subject"));
  for (int i = 0; i < 40000; ++i) text += "X-Field-" + std::to_string(i) + ": a line that is nothing but long enough\n";
  const TraceRun run = Letter(text).trace();
  CHECK(run.code == ExitCode::ok);
  CHECK_THAT(run.error, Catch::Contains("over 1 MiB"));
  CHECK_THAT(run.out, Catch::Contains("2 hops"));
}

TEST_CASE("mxpress trace: takes messages of mailboxes, of other systems, and with lines in front") {
  std::string lines = "\n\r\n" + crlf(kHonest);
  CHECK(Letter(lines).trace().out == Letter(kHonest).trace().out);
  CHECK(Letter("From alice@sender.example Tue Dec  1 10:00:05 2020\n" + kHonest).trace().out == Letter(kHonest).trace().out);
  CHECK(Letter(kHonest.substr(0, kHonest.find("Subject"))).trace().out == Letter(kHonest).trace().out);
}

TEST_CASE("mxpress trace: what it cannot read it says") {
  CHECK_THAT(Letter("no header here\n").trace().error, Catch::Contains("does not begin with the header"));
  CHECK_THAT(Letter("Subject: x\n\nbody\n").trace().error, Catch::Contains("no Received field"));
  CHECK(Letter("Subject: x\n\nbody\n").trace().code == ExitCode::nothing_matched);
  const TraceRun empty = Letter("").trace();
  CHECK(empty.code == ExitCode::failed);
  CHECK_FALSE(empty.error.empty());
  std::ostringstream out, error;
  CHECK(mta::cli::run_mxpress({"trace", "/nonexistent/letter"}, {out, error}) == ExitCode::failed);
  CHECK_THAT(error.str(), Catch::Contains("/nonexistent/letter: No such file"));
}

TEST_CASE("mxpress trace: a header cannot control the terminal") {
  std::string text =
      "Received: from x\x1b[2J (\x07 [203.0.113.9])\n\tby m\x1b]0;x\x07.example with \x9b id \x1b; Tue, 1 Dec 2020 \x1b[0m\n\n";
  text.insert(text.find("by m"), 1, '\0');
  const Letter letter(text);
  for (const bool json : {false, true})
    for (const char c : letter.trace(json ? std::vector<std::string>{"--json"} : std::vector<std::string>{}).out)
      CHECK((c == '\n' || static_cast<unsigned char>(c) >= 32));
}

TEST_CASE("mxpress trace: its options are its own, and it needs one file") {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"trace"},
                                                {"trace", "a", "b"},
                                                {"trace", "a", "--domain", "x"},
                                                {"queue", "--dns"},
                                                {"queue", "--own", "x"}}) {
    std::ostringstream out, error;
    CHECK(mta::cli::run_mxpress(words, {out, error}) == ExitCode::usage);
  }
}

}  // namespace mxpress::testing
