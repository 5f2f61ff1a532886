// Sends on a form that only hands back what another service gave: whoever has no script presses its button.
document.querySelector("form[data-weiter]")?.submit();
