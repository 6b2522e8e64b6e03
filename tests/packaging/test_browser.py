"""The browser that the tests of reports drive works here."""

import pytest


@pytest.mark.browser
def test_a_page_is_rendered(browser):
    page = browser.new_page()
    page.set_content("<p id=a>one</p><script>document.getElementById('a').textContent = 'two'</script>")
    assert page.text_content("#a") == "two"
    page.close()
