// The server's dialogues as text: tests/dialogues/server/*.dialogue. docs in the first of them.
#include <algorithm>
#include <boost/filesystem.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/server_harness.h"
#include "tests/support/source_folder.h"

using mxpress::testing::ServerHarness;

namespace {

// "\r", "\n", "\0", "\t" and "\\" inside a line.
std::string unescaped(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    const char next = text[++i];
    result += next == 'r' ? '\r' : next == 'n' ? '\n' : next == 't' ? '\t' : next == '0' ? '\0' : next;
  }
  return result;
}

bool matches(const std::string& line, const std::string& pattern) {
  if (!pattern.empty() && pattern.back() == '*') return line.starts_with(pattern.substr(0, pattern.size() - 1));
  return line == pattern;
}

class Dialogue {
 public:
  Dialogue(const boost::filesystem::path& path, std::size_t piece) : file_(path.string()) { harness_.pipe->piece = piece; }

  void run() {
    said_ = harness_.greeting;
    std::string line;
    while (std::getline(file_, line)) {
      INFO(line);
      if (line.empty() || line.front() == '#') continue;
      REQUIRE(line.size() >= 3);
      step(line.substr(0, 3), line.substr(3));
    }
    speak();
    CHECK(said_.empty());
  }

 private:
  void step(const std::string& who, const std::string& text) {
    if (who == "C: ") pending_ += unescaped(text) + "\r\n";
    if (who == "C| ") pending_ += unescaped(text);
    if (who == "M: ") return expect_mail(text);
    if (who == "S: ") return expect(text);
    if (who == "== ") return control(text);
    REQUIRE((who == "C: " || who == "C| "));
  }
  void speak() {
    if (!pending_.empty()) said_ += harness_.send(pending_);
    pending_.clear();
  }
  void expect(const std::string& pattern) {
    speak();
    const auto end = said_.find("\r\n");
    INFO("the server said: " << said_);
    REQUIRE(end != std::string::npos);
    CHECK(matches(said_.substr(0, end), pattern));
    said_.erase(0, end + 2);
  }
  void expect_mail(const std::string& content) {
    speak();
    REQUIRE(mails_ < harness_.sink.mails.size());
    CHECK(harness_.sink.mails[mails_++].content == unescaped(content));
  }
  void control(const std::string& text) {
    speak();
    INFO("the server said: " << said_);
    if (text == "closed") CHECK(harness_.ended());
    if (text == "silence") CHECK(said_.empty());
    if (text == "no mail") CHECK(harness_.sink.mails.size() == mails_);
    if (text == "5 minutes pass") said_ += harness_.wait(std::chrono::minutes(5));
    if (text == "shutdown") {
      harness_.session->stop({421, mxpress::proto::EnhancedStatus{4, 3, 2}, "Shutting down"});
      said_ += harness_.wait(mxpress::Duration(0));
    }
  }

  std::ifstream file_;
  ServerHarness harness_;
  std::string pending_, said_;
  std::size_t mails_ = 0;
};

}  // namespace

TEST_CASE("server dialogues: every conversation goes as written, in one piece and octet by octet") {
  std::vector<boost::filesystem::path> files;
  for (const auto& entry : boost::filesystem::directory_iterator(mxpress::test::source_folder() / "tests/dialogues/server"))
    files.push_back(entry.path());
  REQUIRE(files.size() > 5);
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{1}, std::size_t{3}}) {
      INFO(file.filename().string() << ", read in pieces of " << piece);
      Dialogue(file, piece).run();
    }
  }
}
