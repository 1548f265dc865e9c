// Access tokens by a refresh token on the disk: rotation, refusals, and protection against loss.
#include "mta/oauth/refresh_source.h"

#include <sys/stat.h>

#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>

#include "proto/form.h"
#include "tests/mta/oauth/scripted_provider.h"
#include "tests/support/temp_folder.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::auth::FetchedSecret;
using mta::auth::Secret;
using mta::oauth::RefreshSource;
using mta::oauth::RefreshTokenFile;

std::string tokens(const std::string& access, const std::string& refresh = "") {
  return R"({"token_type":"Bearer","expires_in":3600,"access_token":")" + access + "\"" +
         (refresh.empty() ? "" : R"(,"refresh_token":")" + refresh + "\"") + "}";
}

mta::CredentialsConfig credentials() {
  mta::CredentialsConfig config;
  config.user = "me@example.com";
  config.client_id = "client-1";
  config.oauth.emplace();
  config.oauth->provider = "microsoft";
  return config;
}

struct World {
  test::TempFolder folder;
  ScriptedProvider provider;
  RefreshTokenFile file{folder.path(), "office"};
  int stops = 0;
  mta::CredentialsConfig config = credentials();
  std::unique_ptr<RefreshSource> source = make();

  std::unique_ptr<RefreshSource> make() {
    return std::make_unique<RefreshSource>("office", config, folder.path(), provider.ask(), [this] { ++stops; });
  }
  void save(const std::string& token) {
    REQUIRE(file.hold());
    REQUIRE(file.write(Secret(token)));
  }
  std::string saved() const { return file.read().value().reveal(); }
  Result<FetchedSecret> fetch() { return source->fetch({}); }
  std::string sent(std::size_t number) const { return proto::form_value(provider.asked.at(number), "refresh_token").value(); }
};

std::string failure(const Result<FetchedSecret>& fetched) { return fetched ? "none" : fetched.error().message; }

// Its folder is moved away while the provider answers for the first time.
struct FolderThatGoes {
  explicit FolderThatGoes(World& of) : world(of) {}
  World& world;
  const boost::filesystem::path folder = world.file.path().parent_path(), gone = world.folder.path() / "gone";
  mta::oauth::TokenHost::Ask answered = world.provider.ask();
  RefreshSource source{"office", world.config, world.folder.path(),
                       [this](mta::http_client::Request request, const mta::http_client::Reach& reach) {
                         if (world.provider.asked.empty()) boost::filesystem::rename(folder, gone);
                         return answered(std::move(request), reach);
                       },
                       [] {}};
  void come_back() const { boost::filesystem::rename(gone, folder); }
};

}  // namespace

TEST_CASE("refresh: the access token comes with its lifetime, however long it is") {
  World world;
  world.save("refresh-1");
  world.provider.answers = {{200, tokens(std::string(4000, 'a'))}};
  const auto fetched = world.fetch();
  REQUIRE(failure(fetched) == "none");
  CHECK(fetched->secret.reveal() == std::string(4000, 'a'));
  CHECK(fetched->lifetime == 1h);
  CHECK(world.saved() == "refresh-1");
}

TEST_CASE("refresh: a refresh token that is replaced is on the disk, for its owner alone, when the access token is given away") {
  World world;
  world.save("refresh-1");
  world.provider.answers = {{200, tokens("access-1", "refresh-2")}, {200, tokens("access-2", "refresh-3")}};
  CHECK(world.fetch()->secret.reveal() == "access-1");
  CHECK(world.saved() == "refresh-2");
  world.source = world.make();  // a reload, or a restart
  CHECK(world.fetch()->secret.reveal() == "access-2");
  CHECK(world.sent(1) == "refresh-2");
  CHECK(world.saved() == "refresh-3");
  struct stat status{};
  REQUIRE(::stat(world.file.path().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  REQUIRE(::stat(world.file.path().parent_path().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
}

TEST_CASE("refresh: a refusal says what to do, and has no secret") {
  const std::tuple<std::string, std::string> rows[] = {
      {R"({"error":"invalid_grant","error_description":"AADSTS700082: expired"})",
       "(invalid_grant, AADSTS700082): run mxpress setup oauth --name office"},
      {R"({"error":"interaction_required"})", "run mxpress setup oauth --name office"},
      {R"({"error":"invalid_client"})", "correct client_id or client_secret_file in [credentials.office]"},
      {R"({"error":"invalid_scope"})", "correct scope in [credentials.office] oauth"},
      {R"({"error":"temporarily_unavailable"})", "it is asked again"},
  };
  for (const auto& [content, words] : rows) {
    World world;
    world.save("refresh-1");
    world.provider.answers = {{400, content}};
    CHECK_THAT(failure(world.fetch()), Catch::Contains(words) && !Catch::Contains("refresh-1"));
    CHECK(world.saved() == "refresh-1");
  }
}

TEST_CASE("refresh: failures of the network and answers that make no sense leave the refresh token, and it is asked again") {
  World world;
  world.save("refresh-1");
  world.provider.answers = {{0, "", "login.example.com: timed out"}, {500, "oops"}, {200, "<html>"}, {200, tokens("access-1")}};
  CHECK_THAT(failure(world.fetch()), Catch::Contains("no access token: login.example.com: timed out"));
  CHECK_THAT(failure(world.fetch()), Catch::Contains("status 500"));
  CHECK_THAT(failure(world.fetch()), Catch::Contains("no JSON"));
  CHECK(world.saved() == "refresh-1");
  CHECK(world.fetch());
  CHECK(world.sent(3) == "refresh-1");
}

TEST_CASE("refresh: without a refresh token nobody is asked, and the words say what to run") {
  World world;
  CHECK_THAT(failure(world.fetch()), Catch::Contains("there is no refresh token yet: run mxpress setup oauth --name office"));
  CHECK(world.provider.asked.empty());
  world.save("refresh-1");
  REQUIRE(::chmod(world.file.path().c_str(), 0644) == 0);
  CHECK_THAT(failure(world.fetch()), Catch::Contains("mode 0644"));
  CHECK(world.provider.asked.empty());
}

TEST_CASE("refresh: nobody is asked where a new refresh token could not be kept") {
  World world;
  world.save("refresh-1");
  const auto lock = world.file.path().string() + ".lock";
  boost::filesystem::remove(lock);
  boost::filesystem::create_directory(lock);
  CHECK_THAT(failure(world.fetch()), Catch::Contains("cannot write"));
  CHECK(world.provider.asked.empty());
}

TEST_CASE("refresh: a new refresh token that cannot be written is used from memory, and written as soon as that works") {
  World world;
  world.save("refresh-1");
  world.provider.answers = {{200, tokens("access-1", "refresh-2")}, {200, tokens("access-2")}};
  FolderThatGoes change(world);
  const auto first = change.source.fetch({});
  REQUIRE(failure(first) == "none");
  CHECK(first->secret.reveal() == "access-1");
  change.come_back();
  CHECK(world.saved() == "refresh-1");
  REQUIRE(change.source.fetch({}));
  CHECK(world.sent(1) == "refresh-2");
  CHECK(world.saved() == "refresh-2");
}

TEST_CASE("refresh: what mxpress setup oauth writes goes before what could not be written") {
  World world;
  world.save("refresh-1");
  world.provider.answers = {{200, tokens("access-1", "refresh-2")}, {200, tokens("access-2")}};
  FolderThatGoes change(world);
  REQUIRE(change.source.fetch({}));
  change.come_back();
  world.save("refresh-of-setup");
  REQUIRE(change.source.fetch({}));
  CHECK(world.sent(1) == "refresh-of-setup");
  CHECK(world.saved() == "refresh-of-setup");
}

TEST_CASE("refresh: a request to stop reaches whoever asks") {
  World world;
  world.save("refresh-1");
  std::stop_source stop;
  stop.request_stop();
  CHECK_FALSE(world.source->fetch(stop.get_token()));
  CHECK(world.stops == 1);
}

TEST_CASE("refresh: the client's secret comes from its file") {
  World world;
  world.save("refresh-1");
  const std::string path = (world.folder.path() / "secret").string();
  world.config.client_secret_file = path;
  world.source = world.make();
  CHECK_THAT(failure(world.fetch()), Catch::Contains("client_secret_file: ") && Catch::Contains("No such file"));
  boost::filesystem::copy_file(world.file.path(), path);
  world.provider.answers = {{200, tokens("access-1")}};
  REQUIRE(world.fetch());
  CHECK(proto::form_value(world.provider.asked.at(0), "client_secret") == "refresh-1");
}

}  // namespace mxpress::testing
