// Phrases in one pass.
#include "mta/replies/phrase_search.h"

#include <catch2/catch.hpp>
#include <string>

using mxpress::mta::replies::PhraseSearch;

namespace {

constexpr std::size_t kNowhere = PhraseSearch::kNowhere;

PhraseSearch search_for(const std::vector<std::string>& phrases) {
  PhraseSearch search;
  for (const std::string& phrase : phrases) search.add(phrase);
  search.finish();
  return search;
}

}  // namespace

TEST_CASE("phrase search: phrases inside and at the end of others are found") {
  const auto search = search_for({"mailbox full", "full", "box", "-full-", "mailbox"});
  CHECK(search.find("the mailbox full") == std::vector<std::size_t>{16, 16, kNowhere, kNowhere, 11});
  CHECK(search.find("a-full-b") == std::vector<std::size_t>{kNowhere, 6, kNowhere, 7, kNowhere});
}

TEST_CASE("phrase search: a search that fails goes on with the longest suffix") {
  const auto search = search_for({"- ab - ac", "ab - ad", "- ad"});
  CHECK(search.find("- ab - ad") == std::vector<std::size_t>{kNowhere, 9, 9});
}

TEST_CASE("phrase search: short phrases are whole words, longer ones beginnings of words") {
  const auto search = search_for({"spf", "greylist", "[ts01]"});
  CHECK(search.find("spf fails") == std::vector<std::size_t>{3, kNowhere, kNowhere});
  CHECK(search.find("xspf spfx regreylist") == std::vector<std::size_t>(3, kNowhere));
  CHECK(search.find("greylisted x[ts01]y") == std::vector<std::size_t>{kNowhere, 8, 18});
}

TEST_CASE("phrase search: the last occurrence is told, and equal phrases have one number") {
  PhraseSearch search;
  CHECK(search.add("abc") == 0);
  CHECK(search.add("def") == 1);
  CHECK(search.add("abc") == 0);
  search.finish();
  CHECK(search.find("abc def abc") == std::vector<std::size_t>{11, 7});
}

TEST_CASE("phrase search: without phrases or text nothing is found") {
  CHECK(search_for({}).find("text").empty());
  CHECK(search_for({"abc"}).find("") == std::vector<std::size_t>{kNowhere});
}
