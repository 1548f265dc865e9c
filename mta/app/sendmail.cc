// sendmail, mailq and newaliases, by the name that it is called with.
#include "mta/cli/sendmail_main.h"

int main(int count, char** arguments) { return mxpress::mta::cli::sendmail_main(count, arguments); }
