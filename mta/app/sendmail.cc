// sendmail, mailq and newaliases, depending on the name of the call.
#include "mta/cli/sendmail_main.h"

int main(int count, char** arguments) { return mxpress::mta::cli::sendmail_main(count, arguments); }
